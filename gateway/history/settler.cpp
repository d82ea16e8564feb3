#include "gateway/history/settler.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::gateway {

Settler::Settler(SettlerSources sources, SettlerTiming timing)
    : sources_(std::move(sources)), timing_(timing), thread_([this] { run(); }) {}

Settler::~Settler() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Settler::wait(std::string room, std::function<void(bool)> handler) {
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    const bool has_room = old_waits_ + new_waits_.size() < timing_.most_waits;
    if (has_room)
      new_waits_.push_back({std::move(room), std::exchange(handler, nullptr), now + timing_.delay,
                            now + timing_.limit, -1, std::nullopt});
  }
  if (handler) return handler(false);
  changed_.notify_one();
}

void Settler::run() {
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

void Settler::find_ends(std::vector<Wait>& waits) {
  const auto now = Clock::now();
  std::map<std::int32_t, std::optional<std::int64_t>> ends;
  for (Wait& wait : waits) {
    if (wait.end || now < wait.due) continue;
    const auto partition = sources_.partition(wait.room);
    // Without one answer from Kafka the others would only wait as long for theirs.
    if (!partition) return;
    wait.partition = *partition;
    const auto [found, is_new] = ends.try_emplace(*partition);
    if (is_new) found->second = sources_.end_offset(*partition);
    if (!found->second) return;
    wait.end = found->second;
  }
}

void Settler::look(std::vector<Wait>& waits) {
  find_ends(waits);
  std::optional<std::map<std::int32_t, std::int64_t>> positions;
  if (std::ranges::any_of(waits, [](const Wait& wait) { return wait.end.has_value(); }))
    positions = sources_.positions();
  const auto now = Clock::now();
  std::erase_if(waits, [&](Wait& wait) {
    bool is_stored = false;
    if (wait.end && positions) {
      const auto found = positions->find(wait.partition);
      is_stored = *wait.end <= (found == positions->end() ? 0 : found->second);
    }
    if (!is_stored && now < wait.deadline) return false;
    wait.handler(is_stored);
    return true;
  });
}

}  // namespace chat::gateway
