// A session's typing and its wish to know who is in a room.
#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/session_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::has;
using testing::page_up_to;
using testing::SessionTest;

TEST_F(SessionTest, TypingIsToldOnceInTwoSecondsOfEachRoom) {
  join("r");
  join("s");
  session->handle(TypingCommand{"t", "r"});
  session->handle(TypingCommand{"t", "r"});
  session->handle(TypingCommand{"t", "s"});
  ASSERT_EQ(hub.typing.size(), 2U);
  EXPECT_EQ(hub.typing[0].room, "r");
  EXPECT_EQ(hub.typing[1].room, "s");
  EXPECT_EQ(hub.typing[0].session, hub.typing[1].session);
  EXPECT_EQ(outlet.taken_typings, (std::vector<std::string>{"r", "r", "s"})) << "a dropped one is no error";
  EXPECT_TRUE(outlet.take().empty());
  EXPECT_EQ(metrics.typing_published.Value(), 2);
  EXPECT_EQ(metrics.typing_dropped.Value(), 1);
}

TEST_F(SessionTest, I6WhoLeavesAndJoinsAnewTypesNoMoreOften) {
  join("r");
  session->handle(TypingCommand{std::nullopt, "r"});
  session->handle(LeaveCommand{std::nullopt, "r"});
  join("r");
  session->handle(TypingCommand{std::nullopt, "r"});
  EXPECT_EQ(hub.typing.size(), 1U);
}

TEST_F(SessionTest, I6ASessionTypesInAHundredRoomsAtOnceAtMost) {
  for (int i = 0; i < 101; ++i) {
    const std::string room = "r" + std::to_string(i);
    join(room);
    session->handle(TypingCommand{std::nullopt, room});
    session->handle(LeaveCommand{std::nullopt, room});
  }
  EXPECT_EQ(hub.typing.size(), 100U);
}

TEST_F(SessionTest, TypingIsToldUnderTheNameThatTheSessionHasNow) {
  join("r");
  session->handle(HelloCommand{std::nullopt, "Ann"});
  session->handle(TypingCommand{std::nullopt, "r"});
  ASSERT_EQ(hub.typing.size(), 1U);
  EXPECT_EQ(hub.typing[0].user, "Ann");
}

TEST_F(SessionTest, WhoIsNotInTheRoomCannotTypeInIt) {
  session->handle(TypingCommand{"t", "r"});
  ASSERT_EQ(outlet.frames.size(), 1U);
  EXPECT_TRUE(has(outlet.frames[0], R"("code":"not_joined")"));
  EXPECT_TRUE(has(outlet.frames[0], R"("id":"t")"));
  EXPECT_TRUE(hub.typing.empty());
}

TEST_F(SessionTest, AJoinWithPresenceWatchesFromItsLastPageOnAndOneWithoutNoMore) {
  session->handle(JoinCommand{"j", "r", std::nullopt, 0, true});
  rooms.on_subscribed("r", hub.wanted.back().second);
  ReadReply first = page_up_to({5, 2});
  first.entries.push_back({{5, 1}, "{}"});
  first.more = true;
  store.reads.back().handler(first);
  EXPECT_TRUE(hub.watches.empty());
  session->handle(JoinCommand{"j", "r", Cursor{5, 1}, 0, true});
  store.reads.back().handler(page_up_to({5, 2}));
  EXPECT_EQ(hub.watches, (std::vector<std::pair<std::string, bool>>{{"r", true}}));
  session->handle(JoinCommand{"j", "r", std::nullopt, 0});
  store.reads.back().handler(page_up_to({5, 2}));
  EXPECT_EQ(hub.watches, (std::vector<std::pair<std::string, bool>>{{"r", true}, {"r", false}}));
}

TEST_F(SessionTest, ASessionThatEndsWatchesNoMore) {
  session->handle(JoinCommand{"j", "r", std::nullopt, 0, true});
  rooms.on_subscribed("r", hub.wanted.back().second);
  store.reads.back().handler(page_up_to({5, 2}));
  session->close();
  EXPECT_EQ(hub.watches.back(), (std::pair<std::string, bool>{"r", false}));
}

TEST_F(SessionTest, ANewNameIsCountedInAllRooms) {
  join("r");
  Room* const room = rooms.find("r");
  room->report_attendance(true);
  session->handle(HelloCommand{std::nullopt, "Ann"});
  room->sweep();
  ASSERT_EQ(hub.attendances.size(), 2U);
  EXPECT_EQ(hub.attendances[1].second, (Attendance{1, {"Ann"}}));
}

}  // namespace
}  // namespace chat::gateway
