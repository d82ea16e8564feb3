// The hub between a bus and two workers that are fakes, for tests.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "gateway/fanout/hub.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/gateway/chat/fakes.hpp"

namespace chat::gateway::testing {

class FakeBus : public Bus {
 public:
  void subscribe(const std::string& room) override { subscribed.push_back(room); }
  void unsubscribe(const std::string& room) override { unsubscribed.push_back(room); }
  void read(ReadRequest request, std::function<void(ReadReply)> handler) override {
    requests.push_back(std::move(request));
    handlers.push_back(std::move(handler));
  }
  void publish(const std::string& room, std::string_view text, std::shared_ptr<void> done) override {
    published.emplace_back(room, text);
    publishing.push_back(std::move(done));
  }
  void tell_epoch(const std::string& room, std::int64_t epoch) override { epochs.emplace_back(room, epoch); }
  bool connected() const override { return is_connected; }

  void answer(ReadReply reply) {
    auto handler = std::move(handlers.front());
    handlers.erase(handlers.begin());
    handler(std::move(reply));
  }

  bool is_connected = true;
  std::vector<std::string> subscribed, unsubscribed;
  std::vector<std::pair<std::string, std::string>> published;
  std::vector<std::pair<std::string, std::int64_t>> epochs;
  std::vector<std::shared_ptr<void>> publishing;
  std::vector<ReadRequest> requests;
  std::vector<std::function<void(ReadReply)>> handlers;
};

class FakeWorker : public WorkerPort {
 public:
  void post_batch(Batch batch, Clock::TimePoint) override { batches.push_back(std::move(batch)); }
  std::size_t backlog_bytes() const override { return backlog; }
  void post_subscribed(std::string room, std::uint64_t token) override {
    subscribed.push_back({room, token});
  }
  void post_resubscribed() override { ++resubscribed; }
  void post_attendance_wanted(std::string room, bool is_wanted) override {
    counts.emplace_back(std::move(room), is_wanted);
  }
  void post_presence(std::string room, std::shared_ptr<const Presence> presence) override {
    presences.emplace_back(std::move(room), std::move(presence));
  }

  std::size_t backlog = 0;
  std::vector<Batch> batches;
  std::vector<std::pair<std::string, std::uint64_t>> subscribed;
  std::vector<std::pair<std::string, bool>> counts;
  std::vector<std::pair<std::string, std::shared_ptr<const Presence>>> presences;
  int resubscribed = 0;
};

inline std::string message(Cursor cursor) {
  AcceptRequest request;
  request.id = random_uuid();
  request.room = "r";
  request.sender = request.sender_name = "ann";
  request.text = "hello";
  return make_message(request, cursor);
}

struct HubTest : ::testing::Test {
  boost::asio::io_context context;
  /// Of presence and typing. It stands still unless a test moves it; presence ticks as often as the context
  /// runs.
  test::ManualClock clock;
  Metrics registry;
  GatewayMetrics metrics{registry};
  Hub hub{context,
          metrics,
          "gw-1",
          {std::chrono::milliseconds(5),
           std::chrono::milliseconds(5),
           std::chrono::milliseconds(1),
           {std::chrono::milliseconds(0)}},
          clock};
  FakeBus bus;
  FakeWorker one, two;

  void SetUp() override { hub.attach(bus, {&one, &two}); }

  /// Until the hub has looked at the backlogs once more.
  void run_for_a_catch_up() {
    context.restart();
    context.run_one();
  }

  void go_live() {
    hub.want(0, "r", 1);
    hub.on_subscribed("r");
    bus.answer(page_up_to({5, 1}));
  }
};

}  // namespace chat::gateway::testing
