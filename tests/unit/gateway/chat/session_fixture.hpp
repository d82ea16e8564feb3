// One session with fakes around it, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "gateway/chat/session.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/gateway/chat/fakes.hpp"

namespace chat::gateway::testing {

inline bool has(const std::string& frame, const std::string& part) {
  return frame.find(part) != std::string::npos;
}

struct SessionTest : ::testing::Test {
  Metrics registry;
  GatewayMetrics metrics{registry};
  FakeStore store;
  FakeHistory history;
  FakeHub hub;
  FakeJournal journal;
  Rooms rooms{store, hub};
  test::ManualClock clock;
  test::SeededRandom random{1};
  SessionServices services{store, rooms, journal, metrics, "gw-1", 3, &history, Post{}, clock, random};
  FakeOutlet outlet;
  std::shared_ptr<Session> session = std::make_shared<Session>(services, outlet);

  void join(const std::string& room) {
    session->handle(JoinCommand{"j", room, std::nullopt, 0});
    rooms.on_subscribed(room, hub.wanted.back().second);
    store.reads.back().handler(page_up_to({5, 1}));
    outlet.take();
  }

  SendCommand send(const std::string& text = "hello") {
    const Uuid id = random_uuid();
    SendCommand command{id, to_string(id), "r", text};
    session->handle(command);
    return command;
  }

  void answer(AcceptReply reply) {
    auto handler = std::move(store.accepts.back().handler);
    store.accepts.pop_back();
    handler(std::move(reply));
  }
};

}  // namespace chat::gateway::testing
