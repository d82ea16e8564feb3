// CHAT_BUG: a condition that only a defect of this program can make true.
#pragma once

#include <atomic>
#include <cstdint>

namespace chat::bug {

/// Whether the process ends at the first bug. Unit tests set it; a debug build begins with it.
#ifdef NDEBUG
inline std::atomic<bool> aborts{false};
#else
inline std::atomic<bool> aborts{true};
#endif

/// How often a condition was true since the start (the metric chat_bugs_total). Any thread.
std::uint64_t count();

/// Counts and logs the bug, at most one line a second, then ends the process where `aborts` is set. Gives
/// true. Any thread.
bool report(const char* condition, const char* meaning, const char* file, int line);

}  // namespace chat::bug

/// True where `condition` is true. That is then a defect of this program, never the doing of a client or a
/// network; it is counted and logged, and the caller goes on in the safest way. `meaning` says in a few words
/// what was broken. Costs one branch.
#define CHAT_BUG(condition, meaning)                        \
  (__builtin_expect(static_cast<bool>(condition), false) && \
   ::chat::bug::report(#condition, meaning, __FILE__, __LINE__))
