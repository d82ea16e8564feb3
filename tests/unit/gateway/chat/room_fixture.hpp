// One room and its members, for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/chat/room.hpp"
#include "tests/unit/gateway/chat/fakes.hpp"

namespace chat::gateway::testing {

class TestMember : public RoomMember {
 public:
  explicit TestMember(FakeOutlet& outlet, std::uint64_t session = 0, std::string user = "guest")
      : RoomMember(outlet, session), name(std::move(user)) {}
  void on_joined(const RequestId&, std::shared_ptr<const ReadReply> answer) override {
    ++joined;
    page = std::move(answer);
  }
  void on_join_failed(const RequestId&) override { ++failed; }
  void on_join_overtaken(const RequestId& id) override { overtaken.push_back(id ? *id.text() : ""); }

  void on_stored(const StoredNumbers& stored) override {
    told.push_back(stored.watermark);
    if (room_to_stop_waiting_in != nullptr) room_to_stop_waiting_in->end_wait(*this);
  }

  const std::string& user() const override { return name; }

  std::string name;
  int joined = 0;
  int failed = 0;
  std::vector<std::string> overtaken;
  std::vector<Cursor> told;
  Room* room_to_stop_waiting_in = nullptr;
  std::shared_ptr<const ReadReply> page;
};

inline ReadReply page_of(std::int64_t first, std::int64_t last) {
  ReadReply reply = page_up_to({1, last});
  for (std::int64_t seq = first; seq <= last; ++seq) reply.entries.push_back({{1, seq}, "m"});
  return reply;
}

struct RoomTest : ::testing::Test {
  FakeStore store;
  FakeHub hub;
  HeldBytes held;
  std::shared_ptr<Room> room = std::make_shared<Room>("r", store, hub, held);
  FakeOutlet outlet, other_outlet;
  TestMember member{outlet, 1, "Ann"}, other{other_outlet, 2, "Bob"};

  void go_live(TestMember& joining, Cursor newest) {
    room->on_subscribed();
    room->join(joining, "j", std::nullopt, 0);
    store.reads.back().handler(page_up_to(newest));
  }
};

}  // namespace chat::gateway::testing
