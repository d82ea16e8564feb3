// A server on a loop of its own, with a handler that echoes and tells what happened to it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/http/server.hpp"
#include "tests/support/raw_ws_client.hpp"
#include "tests/support/worker_loop.hpp"

namespace chat::gateway::ws::test {

using chat::test::client_close;
using chat::test::client_frame;
using chat::test::client_text;
using chat::test::final_bit;
using chat::test::RawFrame;
using chat::test::RawWsClient;
using namespace std::chrono_literals;

/// What the handlers saw; waited for from the test's thread.
struct Events {
  int opened = 0;
  int closed = 0;
  int slow = 0;
  int accept_errors = 0;
  std::vector<std::string> messages;
};

/// Shared by all handlers of a fixture. `members`, `is_ready` and `on_message` belong to the loop's thread.
struct Stage {
  std::vector<Connection*> members;
  bool is_ready = true;
  std::function<void(Connection&, Opcode, std::string_view)> on_message =
      [](Connection& connection, Opcode opcode, std::string_view payload) {
        connection.deliver(make_frame(opcode, payload));
      };
  std::function<void(Connection&)> on_open = [](Connection&) {};

  std::mutex mutex;
  std::condition_variable changed;
  Events events;

  template <class Change>
  void tell(Change change) {
    const std::lock_guard lock(mutex);
    change(events);
    changed.notify_all();
  }

  /// False when it did not come true within 10 s.
  bool wait(const std::function<bool(const Events&)>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, [&] { return condition(events); });
  }
};

class StageHandler final : public Handler {
 public:
  explicit StageHandler(Stage& stage) : stage_(stage) {}

  void on_open(Connection& connection) override {
    connection_ = &connection;
    stage_.members.push_back(&connection);
    stage_.on_open(connection);
    stage_.tell([](Events& events) { ++events.opened; });
  }

  void on_message(Opcode opcode, std::string_view payload) override {
    stage_.tell([&](Events& events) { events.messages.emplace_back(payload.substr(0, 100)); });
    stage_.on_message(*connection_, opcode, payload);
  }

  bool ready_for_message() const override { return stage_.is_ready; }

  void on_closed() override {
    std::erase(stage_.members, connection_);
    stage_.tell([](Events& events) { ++events.closed; });
  }

 private:
  Stage& stage_;
  Connection* connection_ = nullptr;
};

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }

  void start(ConnectionLimits limits) {
    stop();
    port_ = http::check_port_is_free("127.0.0.1", 0);
    loop_.run([&] {
      server_ = std::make_unique<http::Server>(
          loop_.context, loop_.flush_list, limits,
          [this](const http::RequestHead& request) { return route(request); },
          http::ServerEvents{
              [this] { stage_.tell([](Events& events) { ++events.accept_errors; }); },
              [this] { stage_.tell([](Events& events) { ++events.slow; }); },
              [this](std::size_t worker, const std::shared_ptr<http::TransferredConnection>& moving) {
                on_transfer(worker, moving);
              }},
          identity_);
      server_->listen("127.0.0.1", port_);
    });
    started_ = std::chrono::steady_clock::now();
  }

  void TearDown() override { stop(); }

  void stop() {
    loop_.run([&] { server_.reset(); });
  }

  virtual http::Routing route(const http::RequestHead& request) {
    http::Routing routing;
    routing.subprotocol = "chat.v1";
    routing.handler = make_handler(request);
    return routing;
  }

  virtual void on_transfer(std::size_t, const std::shared_ptr<http::TransferredConnection>&) {}

  virtual std::unique_ptr<Handler> make_handler(const http::RequestHead& request) {
    if (request.target != "/ws") return nullptr;
    return std::make_unique<StageHandler>(stage_);
  }

  RawWsClient connect(int receive_buffer = 0) {
    RawWsClient client(port_, receive_buffer);
    EXPECT_EQ(client.upgrade().substr(0, 12), "HTTP/1.1 101");
    return client;
  }

  /// As if so much time had passed since the start.
  void sweep_at(std::chrono::milliseconds since_start) {
    loop_.run([&] { server_->sweep(started_ + since_start); });
  }

  bool opened(int count) {
    return stage_.wait([=](const Events& events) { return events.opened == count; });
  }
  bool closed(int count) {
    return stage_.wait([=](const Events& events) { return events.closed == count; });
  }

  /// Waits until the server holds exactly so many connections.
  bool connections_become(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (loop_.run([&] { return server_->connections(); }) != count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
  }

  void on_message(decltype(Stage::on_message) call) {
    loop_.run([&] { stage_.on_message = std::move(call); });
  }
  void on_open(decltype(Stage::on_open) call) {
    loop_.run([&] { stage_.on_open = std::move(call); });
  }

  void broadcast(const FrameRef& frame) {
    for (Connection* member : stage_.members) member->deliver(frame);
  }

  std::shared_ptr<const tls::ServerIdentity> identity_;  // null: without TLS
  Stage stage_;
  chat::test::WorkerLoop loop_;
  std::unique_ptr<http::Server> server_;
  std::uint16_t port_ = 0;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace chat::gateway::ws::test
