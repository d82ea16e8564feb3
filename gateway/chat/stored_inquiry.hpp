// When the numbers that a worker's sessions wait for are looked up in PostgreSQL, and which.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "gateway/chat/session.hpp"

namespace chat::gateway {

/// Publications can be lost; what PostgreSQL has is known there. Every 5 s one query asks for up to 1,000
/// numbers that wait for 5 s already, the sessions in turn, and soon after a resubscription for younger ones
/// too. Without PostgreSQL nothing is asked. On the worker's thread; `services` outlives it, and it outlives
/// the history's handlers.
class StoredInquiry {
 public:
  explicit StoredInquiry(SessionServices& services) : services_(services) {}

  /// Once a second.
  void tick(std::chrono::steady_clock::time_point now);

  /// What was published since the subscription broke was missed: the next tick asks.
  void on_resubscribed() { was_resubscribed_ = true; }

 private:
  struct Asked {
    std::weak_ptr<Session> session;
    WaitingNumber waiting;
  };

  std::vector<Asked> collect(std::chrono::steady_clock::time_point until);
  static void tell(const std::vector<Asked>& asked, const std::vector<std::size_t>& found);

  SessionServices& services_;
  bool is_asking_ = false;
  bool was_resubscribed_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace chat::gateway
