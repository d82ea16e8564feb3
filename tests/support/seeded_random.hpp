// Random numbers that a seed repeats.
#pragma once

#include <cstdint>
#include <random>

#include "common/base/random.hpp"

namespace chat::test {

class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace chat::test
