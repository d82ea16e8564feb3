// The calls that wait for one thread: a real loop's, or a simulator's.
#pragma once

#include <functional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace chat::gateway::loop {

/// A handle, to be copied. The loop or the sink outlives every copy. Any thread.
class Mailbox {
 public:
  using Call = std::function<void()>;

  /// Calls run on the thread that runs `context`.
  explicit Mailbox(boost::asio::io_context& context) : context_(&context) {}

  /// Calls go to `sink`, which runs each once, whenever it wants.
  explicit Mailbox(std::function<void(Call)> sink) : sink_(std::move(sink)) {}

  /// Runs the call later, never inside. Calls of one thread keep their order. A template, so that a real loop
  /// stores the call as it is, without a second allocation.
  template <class F>
  void post(F&& call) const {
    if (context_ != nullptr)
      boost::asio::post(*context_, std::forward<F>(call));
    else
      sink_(Call(std::forward<F>(call)));
  }

 private:
  boost::asio::io_context* context_ = nullptr;
  std::function<void(Call)> sink_;
};

}  // namespace chat::gateway::loop
