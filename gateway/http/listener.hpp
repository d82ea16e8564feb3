// One worker's acceptor. It survives a process that has no free file descriptors.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include "gateway/loop/task.hpp"

namespace chat::gateway::http {

/// All calls on the worker's thread. Held by a shared_ptr; its coroutine holds one until stop().
class Listener {
 public:
  using OnSocket = std::function<void(loop::Socket)>;

  /// `on_error` (may be empty) is called for each accept that failed.
  Listener(const loop::Executor& executor, OnSocket on_socket, std::function<void()> on_error);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Throws std::runtime_error with one sentence.
  void open(const std::string& address, std::uint16_t port);

  /// Accepts until stop().
  static loop::Task<void> run(std::shared_ptr<Listener> self);

  void stop();

 private:
  void shed();
  void take_spare();

  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, loop::Executor>;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop::Executor>;
  Acceptor acceptor_;
  Timer pause_;
  OnSocket on_socket_;
  std::function<void()> on_error_;
  int spare_ = -1;
};

}  // namespace chat::gateway::http
