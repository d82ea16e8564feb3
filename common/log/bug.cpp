#include "common/base/bug.hpp"

#include <chrono>
#include <cstdlib>

#include "common/log/log.hpp"

namespace chat::bug {
namespace {

std::atomic<std::uint64_t> found{0};
std::atomic<std::int64_t> last_line_second{-1};

std::int64_t this_second() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace

std::uint64_t count() {
  return found.load(std::memory_order_relaxed);
}

bool report(const char* condition, const char* meaning, const char* file, int line) {
  found.fetch_add(1, std::memory_order_relaxed);
  const bool ends = aborts.load(std::memory_order_relaxed);
  const std::int64_t now = this_second();
  if (last_line_second.exchange(now, std::memory_order_relaxed) != now || ends)
    log::error("this program has a defect; please report this line",
               {{"meaning", meaning}, {"condition", condition}, {"file", file}, {"line", line}});
  if (ends) std::abort();
  return true;
}

}  // namespace chat::bug
