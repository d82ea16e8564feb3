#include "common/redis/trial_timer.hpp"

#include <utility>

namespace chat::redis {

TrialTimer::TrialTimer(boost::asio::io_context& context, TrialPace pace, std::function<void()> try_again,
                       Random& random)
    : timer_(context), pace_(pace), try_again_(std::move(try_again)), random_(random) {}

void TrialTimer::wait(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait(lifetime_.guard([this](boost::system::error_code error) {
    if (!error) try_again_();
  }));
}

std::chrono::milliseconds TrialTimer::jittered(std::chrono::milliseconds time) {
  return std::chrono::milliseconds{random_.between(time.count() * 4 / 5, time.count() * 6 / 5)};
}

}  // namespace chat::redis
