// An event that one coroutine can wait for. Takes 8 bytes while nobody waits.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "gateway/loop/task.hpp"

namespace chat::gateway::loop {

/// One waiter at a time, on one thread. A notification without a waiter is lost, so check the condition
/// before you wait.
class Event {
 public:
  Task<void> wait(Executor executor) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(
        [this, executor](auto handler) {
          waiter_ = std::make_unique<WaiterOf<decltype(handler)>>(executor, std::move(handler));
        },
        boost::asio::use_awaitable_t<Executor>{});
  }

  /// The waiter continues in a later turn, never inside this call.
  void notify() {
    if (const std::unique_ptr<Waiter> waiter = std::move(waiter_)) waiter->post();
  }

  bool has_waiter() const { return waiter_ != nullptr; }

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void post() = 0;
  };

  template <class Handler>
  struct WaiterOf final : Waiter {
    WaiterOf(const Executor& executor, Handler handler_in) : work(executor), handler(std::move(handler_in)) {}
    void post() override { boost::asio::post(work.get_executor(), std::move(handler)); }

    boost::asio::executor_work_guard<Executor> work;
    Handler handler;
  };

  std::unique_ptr<Waiter> waiter_;
};

}  // namespace chat::gateway::loop
