// Random numbers as an argument, so that tests and simulations can repeat them.
#pragma once

#include <cstdint>

namespace chat {

class Random {
 public:
  virtual ~Random() = default;

  /// 64 random bits.
  virtual std::uint64_t next() = 0;

  /// From `low` to `high`, both included; `low` where `high` is below it.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    if (high <= low) return low;
    const std::uint64_t count = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
    const std::uint64_t drawn = count == 0 ? next() : next() % count;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn);
  }

  /// The kernel's numbers, which nobody can predict. Any thread.
  static Random& real();
};

}  // namespace chat
