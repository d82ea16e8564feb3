#include "gateway/history/stored_waits.hpp"

#include <iterator>
#include <utility>

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds result_life{60};

}  // namespace

/// It is not known which epochs an earlier run of Redis has lost, or when they ended, so an earlier wait
/// proves nothing about them.
bool StoredWaits::are_stored(const std::string& room, const ClosedEpochs& closed) const {
  const auto found = waits_.find(room);
  return closed.run.empty() && found != waits_.end() && found->second.closed.below >= closed.below &&
         found->second.valid_until > clock_.now();
}

void StoredWaits::wait(const std::string& room, const ClosedEpochs& closed,
                       std::function<void(bool)> handler) {
  Wait& wait = waits_[room];
  const bool is_under_way = !wait.handlers.empty() && wait.closed == closed;
  wait.handlers.push_back(std::move(handler));
  if (is_under_way) return;
  // Of two waits for one room the later one answers both.
  wait.closed = closed;
  wait.valid_until = {};
  tasks_.start(run(room, closed));
}

Task StoredWaits::run(std::string room, ClosedEpochs closed) {
  const bool is_stored =
      co_await ask<bool>([&](auto answer) { history_.wait_until_stored(room, post_, std::move(answer)); });
  const auto found = waits_.find(room);
  if (found == waits_.end() || found->second.closed != closed) co_return;
  const auto handlers = std::exchange(found->second.handlers, {});
  const auto now = clock_.now();
  if (is_stored)
    found->second.valid_until = now + result_life;
  else
    waits_.erase(found);
  forget_old_results(now);
  for (const auto& handler : handlers) handler(is_stored);
}

void StoredWaits::forget_old_results(TimePoint now) {
  if (waits_.size() < max_results) return;
  std::erase_if(waits_, [&](const auto& wait) {
    return wait.second.handlers.empty() && wait.second.valid_until <= now;
  });
  // The results that are left only save a wait.
  for (auto wait = waits_.begin(); wait != waits_.end() && waits_.size() >= max_results;)
    wait = wait->second.handlers.empty() ? waits_.erase(wait) : std::next(wait);
}

}  // namespace chat::gateway
