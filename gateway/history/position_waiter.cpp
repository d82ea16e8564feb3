#include "gateway/history/position_waiter.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::gateway {

PositionWaiter::PositionWaiter(PositionSources sources, PositionTiming timing)
    : sources_(std::move(sources)), timing_(timing), thread_([this] { run(); }) {}

PositionWaiter::~PositionWaiter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void PositionWaiter::wait(std::string room, std::function<void(bool)> handler) {
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    const bool has_room = old_waits_ + new_waits_.size() < timing_.max_waits;
    if (has_room)
      new_waits_.push_back({std::move(room), std::exchange(handler, nullptr), now + timing_.delay,
                            now + timing_.limit, -1, std::nullopt, false});
  }
  if (handler) return handler(false);
  changed_.notify_one();
}

void PositionWaiter::run() {
  std::vector<Wait> waits;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      old_waits_ = waits.size();
      const auto is_needed = [this] { return is_stopping_ || !new_waits_.empty(); };
      if (waits.empty())
        changed_.wait(lock, is_needed);
      else
        changed_.wait_for(lock, timing_.poll, [this] { return is_stopping_; });
      if (is_stopping_) return;
      std::ranges::move(new_waits_, std::back_inserter(waits));
      new_waits_.clear();
      old_waits_ = waits.size();
    }
    look(waits);
  }
}

void PositionWaiter::find_ends(std::vector<Wait>& waits, kafka::ProgressLook& progress) {
  const auto now = Clock::now();
  for (Wait& wait : waits) {
    if (wait.end || now < wait.due) continue;
    const auto partition = sources_.partition(wait.room);
    // No broker answers; asking for the other rooms would only take as long again.
    if (!partition) return;
    wait.partition = *partition;
    wait.end = progress.end_offset(*partition);
  }
}

void PositionWaiter::look(std::vector<Wait>& waits) {
  kafka::ProgressLook progress(sources_);
  find_ends(waits, progress);
  for (Wait& wait : waits) wait.is_stored = wait.end && progress.has_stored(wait.partition, *wait.end);
  const auto now = Clock::now();
  std::erase_if(waits, [&](const Wait& wait) {
    if (!wait.is_stored && now < wait.deadline) return false;
    wait.handler(wait.is_stored);
    return true;
  });
}

}  // namespace chat::gateway
