#include "tests/unit/gateway/fanout/hub_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::HubTest;
using testing::message;
using testing::page_up_to;

TEST_F(HubTest, AWorkerIsToldOnceTheFirstCursorIsKnown) {
  hub.want(0, "r", 7);
  EXPECT_EQ(bus.subscribed, std::vector<std::string>{"r"});
  hub.on_subscribed("r");
  EXPECT_TRUE(one.subscribed.empty());
  bus.answer(page_up_to({5, 1}));
  ASSERT_EQ(one.subscribed.size(), 1U);
  EXPECT_EQ(one.subscribed[0].second, 7U);
  hub.want(1, "r", 8);
  EXPECT_EQ(two.subscribed.size(), 1U);
  EXPECT_EQ(bus.subscribed.size(), 1U);
}

TEST_F(HubTest, I5OneFrameIsEncodedForAllWorkers) {
  go_live();
  hub.want(1, "r", 2);
  const auto text = message({5, 2});
  hub.on_publication("r", text);
  hub.on_publication("r", message({5, 3}));
  EXPECT_TRUE(one.batches.empty());
  hub.on_batch_end();
  ASSERT_EQ(one.batches.size(), 1U);
  ASSERT_EQ(two.batches.size(), 1U);
  ASSERT_EQ(one.batches[0].size(), 2U);
  EXPECT_EQ(one.batches[0][0].frame.get(), two.batches[0][0].frame.get());
  EXPECT_TRUE(one.batches[0][0].frame->ends_with(text));
  EXPECT_EQ(metrics.frames_encoded.Value(), 2);
}

TEST_F(HubTest, AHoleIsReadOncePerGatewayAndDeliveredInOrder) {
  go_live();
  hub.on_publication("r", message({5, 4}));
  hub.on_publication("r", message({5, 5}));
  hub.on_batch_end();
  EXPECT_TRUE(one.batches.empty());
  ASSERT_EQ(bus.handlers.size(), 1U);
  EXPECT_EQ(bus.requests.back().since, (Cursor{5, 1}));
  auto reply = page_up_to({5, 4});
  for (std::int64_t seq = 2; seq <= 4; ++seq) reply.entries.push_back({{5, seq}, message({5, seq})});
  bus.answer(reply);
  ASSERT_EQ(one.batches.size(), 1U);
  ASSERT_EQ(one.batches[0].size(), 4U);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(one.batches[0][i].cursor, (Cursor{5, static_cast<std::int64_t>(i) + 2}));
  EXPECT_EQ(metrics.gaps_detected.Value(), 1);
  EXPECT_EQ(metrics.gaps_repaired.Value(), 1);
}

TEST_F(HubTest, I6WhatAWorkerCannotTakeIsReadFromTheStreamOnceItHasCaughtUp) {
  go_live();
  one.backlog = Hub::max_backlog_bytes + 1;
  hub.on_batch_end();
  for (std::int64_t seq = 2; seq <= 100; ++seq) hub.on_publication("r", message({5, seq}));
  hub.on_batch_end();
  run_for_a_catch_up();
  EXPECT_TRUE(one.batches.empty());
  EXPECT_TRUE(bus.handlers.empty()) << "a page would be as much too much";
  EXPECT_EQ(metrics.publications_left_behind.Value(), 99);
  one.backlog = 0;
  run_for_a_catch_up();
  ASSERT_EQ(bus.handlers.size(), 1U);
  EXPECT_EQ(bus.requests.back().since, (Cursor{5, 1}));
  hub.on_publication("r", message({5, 101}));
  auto first = page_up_to({5, 101});
  first.entries = {{{5, 2}, message({5, 2})}};
  first.more = true;
  one.backlog = Hub::max_backlog_bytes + 1;
  bus.answer(first);
  ASSERT_EQ(one.batches.size(), 1U);
  run_for_a_catch_up();
  EXPECT_TRUE(bus.handlers.empty()) << "the next page waits too";
  one.backlog = 0;
  run_for_a_catch_up();
  ASSERT_EQ(bus.handlers.size(), 1U);
  auto rest = page_up_to({5, 101});
  for (std::int64_t seq = 3; seq <= 101; ++seq) rest.entries.push_back({{5, seq}, message({5, seq})});
  bus.answer(rest);
  ASSERT_EQ(one.batches.size(), 2U);
  EXPECT_EQ(one.batches[1].size(), 99U);
  EXPECT_EQ(metrics.gaps_unrepaired.Value(), 0);
}

TEST_F(HubTest, I6OnlyTheRoomsOfAWorkerThatIsBehindWait) {
  go_live();
  two.backlog = Hub::max_backlog_bytes + 1;
  hub.on_batch_end();
  hub.on_publication("r", message({5, 2}));
  hub.on_batch_end();
  EXPECT_EQ(one.batches.size(), 1U);
}

TEST_F(HubTest, I4AnIdThatWasShownIsNotShownUnderASecondNumber) {
  go_live();
  const auto first = message({5, 2});
  hub.on_publication("r", first);
  auto again = first;
  again.replace(again.find("\"seq\":2"), 7, "\"seq\":3");
  hub.on_publication("r", again);
  hub.on_publication("r", message({5, 4}));
  hub.on_batch_end();
  ASSERT_EQ(one.batches.size(), 1U);
  ASSERT_EQ(one.batches[0].size(), 2U);
  EXPECT_EQ(one.batches[0][1].cursor, (Cursor{5, 4}));
  EXPECT_EQ(metrics.gaps_detected.Value(), 0);
}

TEST_F(HubTest, I3AMessageOfALowerEpochReachesTheMembersMarkedAsLateAndRedisIsToldTheHigherOne) {
  go_live();
  hub.on_publication("r", message({3, 1}));
  auto look = page_up_to({3, 1});
  look.complete = false;
  look.begun = look.newest;
  bus.answer(look);
  EXPECT_EQ(bus.epochs, (std::vector<std::pair<std::string, std::int64_t>>{{"r", 5}}));
  EXPECT_EQ(bus.requests.back().since, (Cursor{3, 0}));
  auto all = page_up_to({3, 1});
  all.entries.push_back({{3, 1}, message({3, 1})});
  bus.answer(all);
  ASSERT_EQ(one.batches.size(), 1U);
  ASSERT_EQ(one.batches[0].size(), 1U);
  EXPECT_EQ(one.batches[0][0].cursor, (Cursor{3, 1}));
  EXPECT_TRUE(one.batches[0][0].is_late);
  EXPECT_EQ(metrics.late_epochs.Value(), 1);
  hub.on_publication("r", message({6, 1}));
  hub.on_batch_end();
  EXPECT_FALSE(one.batches.back()[0].is_late);
  EXPECT_EQ(hub.highest_epoch(), 6);
}

TEST_F(HubTest, ForeignPublicationsAreDroppedAndCounted) {
  go_live();
  hub.on_publication("r", "not a message");
  hub.on_publication("other", message({5, 2}));
  hub.on_batch_end();
  EXPECT_TRUE(one.batches.empty());
  EXPECT_EQ(metrics.publications_dropped.Value(), 1);
}

TEST_F(HubTest, StoredNumbersArePassedOnBetweenTheMessagesAndDoNotCountAmongThem) {
  go_live();
  hub.want(1, "r", 2);
  hub.on_publication("r", message({5, 2}));
  hub.on_publication("r", R"({"type":"stored","room":"r","epoch":5,"seq":1,"ranges":[[5,1,1],[5,9,12]]})");
  hub.on_publication("r", message({5, 3}));
  hub.on_batch_end();
  ASSERT_EQ(one.batches.size(), 1U);
  const Batch& batch = one.batches[0];
  ASSERT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch[0].cursor, (Cursor{5, 2}));
  EXPECT_EQ(batch[2].cursor, (Cursor{5, 3}));
  EXPECT_FALSE(batch[0].stored || batch[1].frame);
  ASSERT_TRUE(batch[1].stored);
  EXPECT_EQ(batch[1].stored->watermark, (Cursor{5, 1}));
  EXPECT_EQ(batch[1].stored->ranges, (std::vector<NumberRange>{{5, 1, 1}, {5, 9, 12}}));
  EXPECT_EQ(batch[1].stored, two.batches.at(0).at(1).stored) << "parsed once for all workers";
  EXPECT_EQ(metrics.gaps_detected.Value(), 0);
  EXPECT_EQ(metrics.publications_dropped.Value(), 0);
  EXPECT_EQ(metrics.frames_encoded.Value(), 2);
}

TEST_F(HubTest, WorkersAreToldOfAResubscriptionOfTheirRoomsOnly) {
  go_live();
  EXPECT_EQ(one.resubscribed, 0);
  hub.on_lost();
  hub.on_subscribed("r");
  EXPECT_EQ(one.resubscribed, 1);
  EXPECT_EQ(two.resubscribed, 0);
}

TEST_F(HubTest, I6RoomsThatEverybodyLeftAreKeptWithinABound) {
  Hub patient(context, metrics, "gw-1", {std::chrono::hours(1), std::chrono::hours(1)});
  patient.attach(bus, {&one, &two});
  const auto visit = [&](std::size_t i) {
    const std::string room = "r" + std::to_string(i);
    patient.want(0, room, i);
    patient.on_subscribed(room);
    bus.answer(page_up_to({5, 1}));
    patient.unwant(0, room);
  };
  for (std::size_t i = 0; i < Hub::max_unused_rooms; ++i) visit(i);
  context.poll();
  EXPECT_TRUE(bus.unsubscribed.empty());
  patient.want(0, "r0", 1);
  visit(Hub::max_unused_rooms);
  context.restart();
  context.poll();
  EXPECT_TRUE(bus.unsubscribed.empty()) << "one of them is used again";
  visit(Hub::max_unused_rooms + 1);
  context.restart();
  context.run_one();
  EXPECT_EQ(bus.unsubscribed.size(), 1U);
}

TEST_F(HubTest, ARoomThatEverybodyLeftIsUnsubscribedLater) {
  go_live();
  hub.unwant(0, "r");
  EXPECT_TRUE(bus.unsubscribed.empty());
  context.run_for(std::chrono::seconds(10));
  EXPECT_EQ(bus.unsubscribed, std::vector<std::string>{"r"});
  hub.want(0, "r", 9);
  EXPECT_EQ(bus.subscribed.size(), 2U);
}

TEST_F(HubTest, ComingBackInTimeKeepsTheSubscription) {
  go_live();
  hub.unwant(0, "r");
  hub.want(0, "r", 2);
  context.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(bus.unsubscribed.empty());
  hub.on_publication("r", message({5, 2}));
  hub.on_batch_end();
  EXPECT_EQ(one.batches.size(), 1U);
}

TEST_F(HubTest, AFailedReadIsTriedAgain) {
  hub.want(0, "r", 1);
  hub.on_subscribed("r");
  bus.answer(ReadReply{});
  EXPECT_TRUE(bus.handlers.empty());
  context.run_for(std::chrono::seconds(3));
  ASSERT_EQ(bus.handlers.size(), 1U);
  bus.answer(page_up_to({5, 1}));
  EXPECT_EQ(one.subscribed.size(), 1U);
}

}  // namespace
}  // namespace chat::gateway
