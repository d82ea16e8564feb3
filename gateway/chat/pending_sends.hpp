// The sends of one session that have no answer yet. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/chat/session_limits.hpp"

namespace chat::gateway {

struct PendingSend {
  std::uint64_t number = 0;  // within the session
  std::string id;
  std::string room;
  std::chrono::steady_clock::time_point deadline;
};

/// In the order of their arrival, which is also that of their deadlines.
class PendingSends {
 public:
  void add(PendingSend send) { sends_.push_back(std::move(send)); }

  /// None if the send was answered already.
  std::optional<PendingSend> take(std::uint64_t number) {
    const auto found = std::ranges::find(sends_, number, &PendingSend::number);
    if (found == sends_.end()) return std::nullopt;
    std::optional<PendingSend> taken(std::move(*found));
    sends_.erase(found);
    if (sends_.empty()) sends_ = {};  // most sessions are idle
    return taken;
  }

  bool is_full() const { return sends_.size() >= max_sends_in_flight; }
  bool empty() const { return sends_.empty(); }
  const PendingSend& oldest() const { return sends_.front(); }

 private:
  std::vector<PendingSend> sends_;
};

}  // namespace chat::gateway
