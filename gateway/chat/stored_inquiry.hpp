// Decides when PostgreSQL is asked about the numbers that a worker's sessions wait for, and about which.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "gateway/chat/session.hpp"

namespace chat::gateway {

/// The publications of stored numbers can be lost, so PostgreSQL is asked. Every 5 s one query asks about up
/// to 1,000 numbers that have waited for 5 s, the sessions in turn. Soon after a resubscription it asks about
/// younger numbers too. On the worker's thread. `services` outlives this, and this outlives the history's
/// handlers.
class StoredInquiry {
 public:
  explicit StoredInquiry(SessionServices& services) : services_(services) {}

  /// Once a second.
  void tick(std::chrono::steady_clock::time_point now);

  /// Publications were missed while the subscription was broken: the next tick asks.
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
