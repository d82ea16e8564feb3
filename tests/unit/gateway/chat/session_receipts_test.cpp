#include "gateway/chat/session_receipts.hpp"

#include <gtest/gtest.h>

#include "gateway/chat/session_limits.hpp"
#include "tests/unit/gateway/chat/session_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::has;
using testing::page_up_to;
using testing::room_message;
using testing::SessionTest;
using testing::stored_numbers;
using testing::stored_up_to;

using Frames = std::vector<std::string>;

struct SessionReceiptsTest : SessionTest {
  static std::string stored_frame(std::int64_t seq) {
    return R"({"type":"stored","room":"r","epoch":5,"seq":)" + std::to_string(seq) + "}";
  }

  void accept(std::int64_t seq, AcceptReply::Status status = AcceptReply::Status::accepted) {
    send();
    answer({status, {5, seq}, ""});
  }
  void accept_and_ack(std::int64_t seq) {
    accept(seq);
    journal.entries.back().on_durable();
    EXPECT_TRUE(has(outlet.take().at(0), R"("type":"ack")"));
  }
  Room& room() { return *rooms.find("r"); }
};

TEST_F(SessionReceiptsTest, I7StoredComesAfterTheAckAndOnce) {
  join("r");
  accept(2);
  room().on_stored(stored_numbers(5, 2, 2));
  EXPECT_TRUE(outlet.take().empty());
  journal.entries[0].on_durable();
  const auto frames = outlet.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_TRUE(has(frames[0], R"("type":"ack")"));
  EXPECT_EQ(frames[1], stored_frame(2));
  room().on_stored(stored_numbers(5, 2, 2));
  EXPECT_TRUE(outlet.take().empty());
  EXPECT_EQ(metrics.receipts_sent.Value(), 1);
  EXPECT_EQ(services.stored_waiting, 0U);
}

TEST_F(SessionReceiptsTest, OnlyTheSenderIsTold) {
  testing::FakeOutlet reader_outlet;
  const auto reader = std::make_shared<Session>(services, reader_outlet);
  join("r");
  reader->handle(JoinCommand{"j", "r", std::nullopt, 0});
  store.reads.back().handler(page_up_to({5, 1}));
  reader_outlet.take();
  accept_and_ack(2);
  room().on_stored(stored_numbers(5, 1, 9));
  EXPECT_EQ(outlet.take(), Frames{stored_frame(2)});
  EXPECT_TRUE(reader_outlet.take().empty());
}

TEST_F(SessionReceiptsTest, ASendThatExpiredHoldsBackUntilItIsInKafkaAndStored) {
  join("r");
  accept(2);
  session->tick(clock.now() + std::chrono::seconds(11));
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"unavailable")"));
  accept_and_ack(3);
  room().on_stored(stored_numbers(5, 3, 3));
  EXPECT_TRUE(outlet.take().empty()) << "number 2 was accepted and is not stored";
  journal.entries[0].on_durable();
  EXPECT_TRUE(outlet.take().empty());
  room().on_stored(stored_numbers(5, 2, 2));
  EXPECT_EQ(outlet.take(), Frames{stored_frame(3)});
}

TEST_F(SessionReceiptsTest, ARefusedSendHoldsNothingBack) {
  join("r");
  accept(2, AcceptReply::Status::conflict);
  send();
  answer({AcceptReply::Status::unavailable, {}, ""});
  outlet.take();
  accept_and_ack(3);
  room().on_stored(stored_numbers(5, 3, 3));
  EXPECT_EQ(outlet.take(), Frames{stored_frame(3)});
}

TEST_F(SessionReceiptsTest, ARetryOfAMessageThatIsStoredAlreadyIsToldAfterItsAck) {
  join("r");
  room().on_stored(stored_up_to({5, 9}));
  accept(4, AcceptReply::Status::duplicate);
  EXPECT_TRUE(outlet.take().empty());
  journal.entries[0].on_durable();
  EXPECT_EQ(outlet.take().at(1), stored_frame(4));
}

TEST_F(SessionReceiptsTest, LeavingEndsTheWaitAndComingBackClaimsNothingOfBefore) {
  join("r");
  accept_and_ack(2);
  session->handle(LeaveCommand{"l", "r"});
  join("r");
  accept_and_ack(4);
  room().on_stored(stored_numbers(5, 4, 4));
  EXPECT_TRUE(outlet.take().empty()) << "number 2 was sent on this connection and is not stored";
  EXPECT_EQ(services.stored_waiting, 2U);
  room().on_stored(stored_numbers(5, 2, 2));
  EXPECT_EQ(outlet.take(), Frames{stored_frame(4)});
  EXPECT_EQ(services.stored_waiting, 0U);
}

TEST_F(SessionReceiptsTest, ANumberGivenAfterTheLeaveCountsOnceTheSenderIsBack) {
  join("r");
  send();
  session->handle(LeaveCommand{"l", "r"});
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  journal.entries[0].on_durable();
  session->on_stored("r", stored_numbers(5, 1, 1));
  outlet.take();
  session->handle(JoinCommand{"j", "r", std::nullopt, 0});
  rooms.on_subscribed("r", hub.wanted.back().second);
  auto page = page_up_to({5, 3});
  page.stored = {5, 2};
  store.reads.back().handler(page);
  const auto frames = outlet.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_TRUE(has(frames[0], R"("type":"joined")"));
  EXPECT_EQ(frames[1], stored_frame(2));
}

TEST_F(SessionReceiptsTest, OfARoomThatWasLeftNothingIsToldAndNothingKeptOnceItIsStored) {
  join("r");
  accept_and_ack(2);
  session->handle(LeaveCommand{"l", "r"});
  outlet.take();
  session->on_stored("r", stored_numbers(5, 2, 2));
  EXPECT_TRUE(outlet.take().empty());
  EXPECT_EQ(services.stored_waiting, 0U);
}

TEST_F(SessionReceiptsTest, I6RoomsThatWereLeftAndAreStoredDoNotCountAgainstTheBound) {
  std::size_t waiting = 0;
  SessionReceipts receipts(waiting);
  for (std::size_t i = 0; i < 2 * SessionReceipts::max_rooms; ++i) {
    const std::string room = "r" + std::to_string(i);
    receipts.accepted(room, {5, 1}, random_uuid(), {});
    EXPECT_TRUE(receipts.awaits(room));
    receipts.left(room);
    receipts.acked(room, {5, 1});
    EXPECT_EQ(receipts.stored(room, stored_up_to({5, 1})), std::nullopt);
  }
  EXPECT_EQ(waiting, 0U);
}

TEST_F(SessionReceiptsTest, ClosingGivesTheWorkersCountBack) {
  join("r");
  accept_and_ack(2);
  accept(3);
  EXPECT_EQ(services.stored_waiting, 2U);
  session->close();
  EXPECT_EQ(services.stored_waiting, 0U);
  journal.entries.back().on_durable();
  EXPECT_EQ(services.stored_waiting, 0U);
}

TEST_F(SessionReceiptsTest, I6RoomsBeyondTheBoundGetNoReceiptsRatherThanWrongOnes) {
  std::size_t waiting = 0;
  SessionReceipts receipts(waiting);
  const auto accept_in = [&](std::size_t i) {
    receipts.accepted("r" + std::to_string(i), {5, 1}, random_uuid(), {});
    receipts.left("r" + std::to_string(i));
  };
  for (std::size_t i = 0; i < SessionReceipts::max_rooms + 10; ++i) accept_in(i);
  EXPECT_EQ(waiting, SessionReceipts::max_rooms);
  receipts.acked("r0", {5, 1});
  receipts.stored("r0", stored_up_to({5, 1}));
  const std::string late = "r" + std::to_string(SessionReceipts::max_rooms);
  receipts.accepted(late, {5, 2}, random_uuid(), {});
  EXPECT_FALSE(receipts.awaits(late)) << "its number 1 is not known any more";
}

TEST_F(SessionReceiptsTest, WithRedisAwayWhoIsInTheRingJoinsAllTheSame) {
  join("r");
  room().publish(room_message(5, 2));
  room().publish(room_message(5, 3));
  store.is_connected = false;
  store.reads.clear();
  testing::FakeOutlet back_outlet;
  const auto back = std::make_shared<Session>(services, back_outlet);
  back->handle(JoinCommand{"j", "r", Cursor{5, 2}, 0});
  EXPECT_TRUE(has(back_outlet.take().at(0), R"("messages":[m3],"complete":true)"));
  EXPECT_EQ(metrics.resumes(PageSource::memory).Value(), 1);
  room().publish(room_message(5, 4));
  EXPECT_EQ(back_outlet.cursors, (std::vector<Cursor>{{5, 4}})) << "what the hub repaired later";
  back->handle(JoinCommand{"j", "r", Cursor{4, 2}, 0});
  EXPECT_TRUE(has(back_outlet.take().at(0), R"("code":"unavailable")"));
  EXPECT_TRUE(store.reads.empty());
}

}  // namespace
}  // namespace chat::gateway
