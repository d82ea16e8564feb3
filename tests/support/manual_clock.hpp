// A clock that goes on only where somebody waits.
#pragma once

#include <chrono>

#include "common/base/clock.hpp"

namespace chat::test {

class ManualClock : public Clock {
 public:
  TimePoint now() const override { return now_; }
  std::chrono::system_clock::time_point wall_time() const override {
    using System = std::chrono::system_clock;
    return System::time_point{std::chrono::duration_cast<System::duration>(now_.time_since_epoch())};
  }
  void sleep(std::chrono::milliseconds time) override { now_ += time; }

 private:
  TimePoint now_{std::chrono::hours{1}};
};

}  // namespace chat::test
