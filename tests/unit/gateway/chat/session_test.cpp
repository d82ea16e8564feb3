#include "gateway/chat/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/chat/session_limits.hpp"
#include "tests/unit/gateway/chat/session_fixture.hpp"

namespace chat::gateway {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::has;
using ::testing::HasSubstr;
using testing::page_up_to;
using testing::SessionTest;

TEST_F(SessionTest, HistoryNeedsAJoinedRoomAndIsAnsweredWithThePage) {
  session->handle(HistoryCommand{"h", "r", {5, 9}, 3});
  EXPECT_TRUE(has(outlet.take().at(0), "not_joined"));
  join("r");
  session->handle(HistoryCommand{"h", "r", {5, 9}, 3});
  EXPECT_EQ(store.reads.back().request.before, (Cursor{5, 9}));
  EXPECT_EQ(store.reads.back().request.history, 3U);
  ReadReply page = page_up_to({5, 9});
  page.entries.push_back({{5, 8}, R"({"seq":8})"});
  page.more = true;
  store.reads.back().handler(page);
  EXPECT_EQ(outlet.take().at(0),
            R"({"type":"history","id":"h","room":"r","messages":[{"seq":8}],"more":true})");
  session->handle(HistoryCommand{"h2", "r", {5, 9}, 3});
  store.reads.back().handler(ReadReply{});
  const auto refused = outlet.take().at(0);
  EXPECT_TRUE(has(refused, "unavailable") && has(refused, "retry_after_ms") && has(refused, "h2"));
}

TEST_F(SessionTest, I6OnlyAFewHistoryFramesMayWait) {
  join("r");
  const auto before = store.reads.size();
  for (std::size_t i = 0; i <= max_history_reads_in_flight; ++i)
    session->handle(HistoryCommand{"h", "r", {5, 9}, 3});
  EXPECT_EQ(store.reads.size() - before, max_history_reads_in_flight);
  EXPECT_TRUE(has(outlet.take().at(0), "overloaded"));
  store.reads.back().handler(page_up_to({5, 9}));
  session->handle(HistoryCommand{"h", "r", {5, 9}, 3});
  EXPECT_EQ(store.reads.size() - before, max_history_reads_in_flight + 1);
}

TEST_F(SessionTest, WelcomeNamesSessionGatewayAndGuest) {
  session->start();
  const auto frame = outlet.take().at(0);
  EXPECT_TRUE(has(frame, R"("gateway":"gw-1")")) << frame;
  EXPECT_TRUE(has(frame, R"("user":"guest-)")) << frame;
  session->handle(HelloCommand{"h1", "Ann"});
  const auto second = outlet.take().at(0);
  EXPECT_TRUE(has(second, R"("user":"Ann")") && has(second, R"("id":"h1")")) << second;
}

TEST_F(SessionTest, I7TheAckComesOnlyWithTheDeliveryReport) {
  join("r");
  const auto sent = send();
  ASSERT_EQ(store.accepts.size(), 1U);
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  EXPECT_TRUE(outlet.take().empty());
  ASSERT_EQ(journal.entries.size(), 1U);
  EXPECT_EQ(journal.entries[0].record.cursor, (Cursor{5, 2}));
  EXPECT_EQ(journal.entries[0].record.gateway, "gw-1");
  EXPECT_EQ(journal.entries[0].worker, 3U);
  journal.entries[0].on_durable();
  EXPECT_EQ(outlet.take(), std::vector<std::string>{R"({"type":"ack","id":")" + sent.id +
                                                    R"(","room":"r","epoch":5,"seq":2,"duplicate":false})"});
}

TEST_F(SessionTest, I7NothingIsNumberedThatKafkaWillNotTakeForItsSize) {
  join("r");
  journal.record_limit = 200;
  const auto sent = send();
  EXPECT_TRUE(store.accepts.empty());
  EXPECT_EQ(journal.reserved, 0U);
  const auto frame = outlet.take().at(0);
  EXPECT_TRUE(has(frame, R"("code":"too_large")") && has(frame, sent.id) && !has(frame, "retry_after_ms"))
      << frame;
  journal.record_limit = 1000;
  send();
  EXPECT_EQ(store.accepts.size(), 1U);
}

TEST_F(SessionTest, WhatKafkaNeverTakesIsAnsweredAndNotAcknowledged) {
  join("r");
  const auto sent = send();
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  journal.entries[0].on_refused(JournalRefusal::too_large);
  const auto frame = outlet.take().at(0);
  EXPECT_TRUE(has(frame, R"("code":"too_large")") && has(frame, sent.id) && !has(frame, "retry_after_ms"))
      << frame;
  send();
  answer({AcceptReply::Status::accepted, {5, 3}, ""});
  journal.entries[1].on_refused(JournalRefusal::invalid);
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"internal")"));
}

TEST_F(SessionTest, I7NothingIsNumberedWhenTheJournalIsFull) {
  join("r");
  journal.is_full = true;
  const auto sent = send();
  EXPECT_TRUE(store.accepts.empty());
  const auto frame = outlet.take().at(0);
  EXPECT_TRUE(has(frame, R"("code":"overloaded")") && has(frame, sent.id) && has(frame, "retry_after_ms"))
      << frame;
}

TEST_F(SessionTest, I1AMessageWhoseSenderLeftIsStillJournaled) {
  join("r");
  send();
  session.reset();
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  ASSERT_EQ(journal.entries.size(), 1U);
  journal.entries[0].on_durable();
}

TEST_F(SessionTest, ADuplicateIsJournaledAgainFromTheFirstCopy) {
  join("r");
  const auto sent = send("hello");
  const std::string entry = R"({"type":"message","room":"r","epoch":4,"seq":9,"id":")" + sent.id +
                            R"(","sender":"first","sender_name":"first","text":"hello","sent_at":77})";
  answer({AcceptReply::Status::duplicate, {4, 9}, entry});
  ASSERT_EQ(journal.entries.size(), 1U);
  EXPECT_EQ(journal.entries[0].record.sender, "first");
  EXPECT_EQ(journal.entries[0].record.sent_at, 77);
  EXPECT_EQ(journal.entries[0].record.cursor, (Cursor{4, 9}));
  journal.entries[0].on_durable();
  EXPECT_TRUE(has(outlet.take().at(0), R"("epoch":4,"seq":9,"duplicate":true)"));
}

TEST_F(SessionTest, AConflictAndAnUnknownOutcomeAreToldAndGiveTheReservationBack) {
  join("r");
  send();
  EXPECT_GT(journal.reserved, 0U);
  answer({AcceptReply::Status::conflict, {}, ""});
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"bad_request")"));
  send();
  answer({AcceptReply::Status::unavailable, {}, ""});
  const auto frame = outlet.take().at(0);
  EXPECT_TRUE(has(frame, R"("code":"unavailable")") && has(frame, "retry_after_ms")) << frame;
  EXPECT_EQ(journal.reserved, 0U);
  EXPECT_TRUE(journal.entries.empty());
}

TEST_F(SessionTest, SendingNeedsAJoinedRoomAndRedis) {
  send();
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"not_joined")"));
  join("r");
  store.is_connected = false;
  send();
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"unavailable")"));
  EXPECT_TRUE(store.accepts.empty());
  EXPECT_EQ(journal.reserved, 0U);
}

TEST_F(SessionTest, I6AtMostSixtyFourSendsAreInFlight) {
  join("r");
  for (std::size_t i = 0; i < max_sends_in_flight; ++i) {
    EXPECT_TRUE(session->ready_for_command());
    send();
  }
  EXPECT_FALSE(session->ready_for_command());
  answer({AcceptReply::Status::conflict, {}, ""});
  EXPECT_TRUE(session->ready_for_command());
  EXPECT_EQ(outlet.resumes, 1);
}

TEST_F(SessionTest, ASendWithoutReportIsAnsweredUnavailableAfterTenSeconds) {
  join("r");
  send();
  const auto now = clock.now();
  session->tick(now + std::chrono::milliseconds(9'999));
  EXPECT_TRUE(outlet.take().empty());
  session->tick(now + std::chrono::seconds(10));
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"unavailable")"));
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  ASSERT_EQ(journal.entries.size(), 1U);
  journal.entries[0].on_durable();
  EXPECT_TRUE(outlet.take().empty());
}

TEST_F(SessionTest, ItsNumberAndItsTimesAreThoseOfItsServices) {
  session->start();
  std::ostringstream number;
  number << std::hex << test::SeededRandom(1).next();
  EXPECT_TRUE(has(outlet.take().at(0), "\"session\":\"" + number.str() + "\""));
  join("r");
  send();
  EXPECT_EQ(store.accepts.at(0).request.sent_at, std::chrono::milliseconds(std::chrono::hours(1)).count());
}

TEST_F(SessionTest, AFailedJoinIsToldAndForgotten) {
  session->handle(JoinCommand{"j", "r", std::nullopt, 0});
  rooms.on_subscribed("r", hub.wanted.back().second);
  store.reads.back().handler(ReadReply{});
  const auto frame = outlet.take().at(0);
  EXPECT_TRUE(has(frame, R"("code":"unavailable")") && has(frame, R"("id":"j")")) << frame;
  EXPECT_EQ(rooms.size(), 0U);
  EXPECT_EQ(hub.unwanted.size(), 1U);
}

TEST_F(SessionTest, EveryJoinGetsOneAnswerWhateverOvertakesIt) {
  session->handle(JoinCommand{"1", "r", std::nullopt, 0});
  session->handle(LeaveCommand{"2", "r"});
  session->handle(JoinCommand{"3", "r", std::nullopt, 0});
  session->handle(JoinCommand{"4", "r", std::nullopt, 0});
  EXPECT_THAT(outlet.take(), ElementsAre(AllOf(HasSubstr(R"("id":"1")"), HasSubstr("cancelled")),
                                         AllOf(HasSubstr(R"("id":"2")"), HasSubstr("left")),
                                         AllOf(HasSubstr(R"("id":"3")"), HasSubstr("cancelled"))));
  rooms.on_subscribed("r", hub.wanted.back().second);
  for (std::size_t i = 0; i < store.reads.size(); ++i) store.reads[i].handler(page_up_to({5, 1}));
  EXPECT_THAT(outlet.take(), ElementsAre(AllOf(HasSubstr(R"("id":"4")"), HasSubstr("joined"))));
  session->close();
  EXPECT_TRUE(outlet.take().empty());
}

TEST_F(SessionTest, AJoinWithoutAnIdIsOvertakenInSilence) {
  session->handle(JoinCommand{std::nullopt, "r", std::nullopt, 0});
  session->handle(LeaveCommand{"2", "r"});
  EXPECT_EQ(outlet.take().size(), 1U);
}

TEST_F(SessionTest, AHistoryThatALeaveOvertakesIsStillAnswered) {
  join("r");
  session->handle(HistoryCommand{"h", "r", {5, 9}, 3});
  session->handle(LeaveCommand{"l", "r"});
  store.reads.back().handler(page_up_to({5, 9}));
  EXPECT_THAT(outlet.take(), ElementsAre(HasSubstr(R"("id":"l")"), HasSubstr(R"("id":"h")")));
}

TEST_F(SessionTest, BeforeTheGatewayClosesItEveryRequestThatWaitsIsAnswered) {
  join("r");
  session->handle(JoinCommand{"j", "s", std::nullopt, 0});
  session->handle(HistoryCommand{"h", "r", {5, 9}, 3});
  const auto sent = send();
  session->end_requests();
  const auto told = outlet.take();
  for (const std::string& id : {std::string("j"), std::string("h"), sent.id})
    EXPECT_THAT(told, Contains(AllOf(HasSubstr(R"("id":")" + id + '"'), HasSubstr("unavailable"))));
  EXPECT_EQ(told.size(), 3U);
  EXPECT_EQ(rooms.size(), 0U);
  store.reads.back().handler(page_up_to({5, 9}));
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  ASSERT_EQ(journal.entries.size(), 1U) << "what was numbered is stored";
  journal.entries[0].on_durable();
  session->end_requests();
  EXPECT_TRUE(outlet.take().empty());
}

TEST_F(SessionTest, ClosingLeavesAllRooms) {
  join("r");
  join("s");
  EXPECT_EQ(rooms.size(), 2U);
  session->close();
  EXPECT_EQ(rooms.size(), 0U);
}

TEST_F(SessionTest, LeaveAnswersAndUnknownRoomsAreRefused) {
  join("r");
  session->handle(LeaveCommand{"l", "r"});
  EXPECT_EQ(outlet.take().at(0), R"({"type":"left","id":"l","room":"r"})");
  session->handle(LeaveCommand{"l", "r"});
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"not_joined")"));
}

TEST_F(SessionTest, RoomsAreBounded) {
  for (std::size_t i = 0; i < max_rooms_per_session; ++i)
    session->handle(JoinCommand{"j", "r" + std::to_string(i), std::nullopt, 0});
  EXPECT_TRUE(outlet.take().empty());
  session->handle(JoinCommand{"j", "one-more", std::nullopt, 0});
  EXPECT_TRUE(has(outlet.take().at(0), R"("code":"too_many_rooms")"));
  EXPECT_EQ(metrics.refused_rooms.Value(), 1);
}

TEST_F(SessionTest, TheTimeFromASendToItsNumberIsMeasured) {
  join("r");
  send();
  clock.sleep(std::chrono::milliseconds(70));
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  const auto measured = metrics.accept_seconds.Collect().histogram;
  EXPECT_EQ(measured.sample_count, 1U);
  EXPECT_DOUBLE_EQ(measured.sample_sum, 0.07);
}

TEST_F(SessionTest, AClientThatIsToldToReconnectIsServedUntilItsCommandsStop) {
  session->announce_close(std::chrono::milliseconds(1500));
  EXPECT_EQ(outlet.take(), std::vector<std::string>{R"({"type":"reconnect","after_ms":1500})"});
  EXPECT_TRUE(session->ready_for_command());
  session->stop_commands();
  EXPECT_FALSE(session->ready_for_command());
}

TEST_F(SessionTest, AClientThatIsSentAwayIsClosedOnceBehindTheAnswersThatItWaitsFor) {
  join("r");
  send();
  EXPECT_TRUE(session->awaits_answers());
  session->send_away();
  session->send_away();
  EXPECT_THAT(outlet.take(), ElementsAre(HasSubstr("unavailable")));
  EXPECT_FALSE(session->awaits_answers());
  EXPECT_EQ(outlet.closes, 1);
  EXPECT_EQ(rooms.size(), 0U);
}

TEST_F(SessionTest, I1ASessionThatBeginsAmidADrainTakesNothing) {
  services.is_draining = true;
  const auto late = std::make_shared<Session>(services, outlet);
  EXPECT_FALSE(late->ready_for_command());
}

TEST_F(SessionTest, I1NoSendBeginsWhileTheGatewayGoesAway) {
  join("r");
  session->stop_commands();
  session->handle(send("one that was read before"));
  EXPECT_TRUE(store.accepts.empty());
  EXPECT_NE(outlet.take().at(0).find("unavailable"), std::string::npos);
}

}  // namespace
}  // namespace chat::gateway
