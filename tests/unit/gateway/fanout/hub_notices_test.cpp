// Typing and presence on their way between the workers and the other gateways.
#include <nlohmann/json.hpp>

#include "gateway/bus/notices.hpp"
#include "tests/unit/gateway/fanout/hub_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::FakeWorker;
using testing::HubTest;
using testing::message;

PresenceNotice notice(std::string gateway, std::vector<std::string> names, bool watches) {
  const std::size_t members = names.size();
  return {std::move(gateway), watches, false, {members, std::move(names)}};
}

struct HubNoticesTest : HubTest {
  void SetUp() override {
    HubTest::SetUp();
    go_live();
    hub.want(1, "r", 2);
    bus.published.clear();
  }

  static constexpr std::chrono::milliseconds step{10};

  /// Lets so much time pass on the hub's clock, with a tick in each step.
  void pass(std::chrono::milliseconds time) {
    for (; time > step; time -= step) {
      clock.sleep(step);
      context.restart();
      context.poll_one();
    }
  }

  /// Lets time pass until then.
  template <class Condition>
  void run_until(Condition&& is_met) {
    constexpr int limit = 100'000;
    for (int ticks = 0; !is_met() && ticks < limit; ++ticks) {
      clock.sleep(step);
      context.restart();
      context.run_one();
    }
    ASSERT_TRUE(is_met());
  }
};

TEST_F(HubNoticesTest, TypingIsPublishedAndWhatComesIsToldToAllWorkersInItsPlace) {
  hub.tell_typing("r", {7, "Ann"});
  ASSERT_EQ(bus.published.size(), 1U);
  EXPECT_EQ(bus.published[0].first, "r");
  hub.on_publication("r", message({5, 2}));
  hub.on_publication("r", bus.published[0].second);
  hub.on_publication("r", message({5, 3}));
  hub.on_batch_end();
  for (const FakeWorker* worker : {&one, &two}) {
    ASSERT_EQ(worker->batches.size(), 1U);
    ASSERT_EQ(worker->batches[0].size(), 3U);
    const BatchItem& item = worker->batches[0][1];
    ASSERT_TRUE(item.typing);
    EXPECT_EQ(*item.room, "r");
    EXPECT_EQ(item.typing->session, 7U);
    EXPECT_EQ(item.typing->broadcast.event().user, "Ann");
    EXPECT_EQ(item.typing, one.batches[0][1].typing) << "one for all, so that it is encoded once (I5)";
  }
}

TEST_F(HubNoticesTest, I6OfTooMuchTypingInARoomTheRestIsDropped) {
  const std::string typing = encode_notice("r", TypingNotice{7, "Ann"});
  for (int i = 0; i < 30; ++i) hub.on_publication("r", typing);
  hub.on_batch_end();
  ASSERT_EQ(one.batches.size(), 1U);
  EXPECT_EQ(one.batches[0].size(), 20U);
  EXPECT_EQ(metrics.typing_dropped.Value(), 10);
  clock.sleep(std::chrono::seconds(1));
  hub.on_publication("r", typing);
  hub.on_batch_end();
  ASSERT_EQ(one.batches.size(), 2U) << "the next second has typing of its own";
}

TEST_F(HubNoticesTest, WhereAWorkerWatchesAllAreAskedWhomTheyHaveAndItIsTold) {
  hub.watch(0, "r", true);
  EXPECT_EQ(one.counts, (std::vector<std::pair<std::string, bool>>{{"r", true}}));
  EXPECT_EQ(two.counts, one.counts);
  EXPECT_EQ(metrics.presence_rooms.Value(), 1);
  hub.attend(0, "r", {1, {"Ann"}});
  hub.attend(1, "r", {1, {"Bob"}});
  hub.on_publication("r", encode_notice("r", notice("gw-2", {"Cyd"}, false)));
  run_until([&] { return !one.presences.empty(); });
  const auto told = nlohmann::json::parse(bus.published.at(0).second);
  EXPECT_EQ(told["gateway"], "gw-1");
  EXPECT_EQ(told["asks"], true);
  EXPECT_EQ(told["names"], nlohmann::json({"Ann", "Bob"}));
  EXPECT_EQ(one.presences[0].first, "r");
  EXPECT_EQ(one.presences[0].second->all.event().joined, (std::vector<std::string>{"Ann", "Bob", "Cyd"}));
  EXPECT_TRUE(two.presences.empty()) << "nobody watches there";
  hub.watch(1, "r", true);
  ASSERT_EQ(two.presences.size(), 1U) << "what is known is told at once";
  EXPECT_EQ(two.presences[0].second, one.presences[0].second);
}

TEST_F(HubNoticesTest, WhereOnlyAnotherGatewayWatchesTheWorkersAreAskedUntilNobodyDoes) {
  hub.on_publication("r", encode_notice("r", notice("gw-2", {"Cyd"}, false)));
  EXPECT_TRUE(one.counts.empty());
  hub.on_publication("r", encode_notice("r", notice("gw-2", {"Cyd"}, true)));
  EXPECT_EQ(one.counts.size(), 1U);
  hub.attend(0, "r", {1, {"Ann"}});
  hub.attend(1, "r", {});
  run_until([&] { return !bus.published.empty(); });
  EXPECT_EQ(nlohmann::json::parse(bus.published[0].second)["watches"], false);
  hub.on_publication("r", encode_notice("r", notice("gw-2", {}, false)));
  run_until([&] { return one.counts.size() == 2; });
  EXPECT_FALSE(one.counts[1].second);
  EXPECT_EQ(metrics.presence_rooms.Value(), 0);
  EXPECT_TRUE(one.presences.empty());
}

TEST_F(HubTest, WhoSubscribesToARoomAsksTheOthersWhetherAnybodyWatches) {
  go_live();
  ASSERT_EQ(bus.published.size(), 1U);
  const auto asked = nlohmann::json::parse(bus.published[0].second);
  EXPECT_EQ(asked["asks"], true);
  EXPECT_EQ(asked["watches"], false);
  hub.on_lost();
  hub.on_subscribed("r");
  EXPECT_EQ(bus.published.size(), 1U) << "it knows already";
}

TEST_F(HubNoticesTest, NothingIsToldBeforeAllWorkersHaveSaidWhomTheyHave) {
  hub.watch(0, "r", true);
  hub.attend(0, "r", {1, {"Ann"}});
  pass(std::chrono::seconds(20));
  EXPECT_TRUE(bus.published.empty());
  hub.attend(1, "r", {1, {"Bob"}});
  pass(std::chrono::seconds(2));
  ASSERT_FALSE(bus.published.empty());
  EXPECT_EQ(nlohmann::json::parse(bus.published[0].second)["names"], nlohmann::json({"Ann", "Bob"}));
}

TEST_F(HubNoticesTest, WhoBeginsToWatchWhileRedisIsAwayIsToldOnceItIsBack) {
  hub.on_lost();
  hub.watch(0, "r", true);
  hub.attend(0, "r", {1, {"Ann"}});
  hub.attend(1, "r", {});
  pass(std::chrono::seconds(20));
  EXPECT_TRUE(one.presences.empty());
  hub.on_subscribed("r");
  hub.on_publication("r", encode_notice("r", notice("gw-2", {"Bob"}, false)));
  run_until([&] { return !one.presences.empty(); });
  EXPECT_EQ(one.presences[0].second->all.event().joined, (std::vector<std::string>{"Ann", "Bob"}));
}

TEST_F(HubNoticesTest, WhatWouldNotReachRedisIsNotTakenForTold) {
  bus.is_connected = false;
  hub.watch(0, "r", true);
  hub.attend(0, "r", {1, {"Ann"}});
  hub.attend(1, "r", {});
  pass(std::chrono::seconds(20));
  EXPECT_TRUE(bus.published.empty());
  EXPECT_TRUE(one.presences.empty()) << "nobody could be asked";
  bus.is_connected = true;
  run_until([&] { return !one.presences.empty(); });
  EXPECT_EQ(nlohmann::json::parse(bus.published.at(0).second)["asks"], true);
}

TEST_F(HubNoticesTest, AWorkerThatComesToAWatchedRoomIsAsked) {
  hub.unwant(1, "r");
  hub.watch(0, "r", true);
  EXPECT_TRUE(two.counts.empty());
  hub.want(1, "r", 3);
  EXPECT_EQ(two.counts.size(), 1U);
}

TEST_F(HubNoticesTest, AWorkerThatLeavesTheRoomHasNobodyThere) {
  hub.watch(0, "r", true);
  hub.attend(0, "r", {1, {"Ann"}});
  hub.attend(1, "r", {1, {"Bob"}});
  hub.unwant(1, "r");
  run_until([&] { return !one.presences.empty(); });
  EXPECT_EQ(one.presences[0].second->all.event().joined, std::vector<std::string>{"Ann"});
}

TEST_F(HubNoticesTest, WithTheSubscriptionEndsThePresence) {
  hub.watch(0, "r", true);
  hub.unwant(0, "r");
  hub.unwant(1, "r");
  run_until([&] { return !bus.unsubscribed.empty(); });
  EXPECT_EQ(metrics.presence_rooms.Value(), 0);
}

TEST_F(HubNoticesTest, AGatewayThatEndsSaysThatItHasNobody) {
  hub.watch(0, "r", true);
  hub.attend(0, "r", {1, {"Ann"}});
  bool is_done = false;
  hub.end_presence(std::shared_ptr<void>(nullptr, [&](void*) { is_done = true; }));
  ASSERT_EQ(bus.published.size(), 1U);
  const auto last = nlohmann::json::parse(bus.published[0].second);
  EXPECT_EQ(last["members"], 0);
  EXPECT_EQ(last["watches"], false);
  EXPECT_FALSE(is_done) << "Redis has not answered";
  bus.publishing.clear();
  EXPECT_TRUE(is_done);
  hub.on_publication("r", encode_notice("r", notice("gw-2", {"Cyd"}, true)));
  EXPECT_EQ(metrics.presence_rooms.Value(), 0) << "nothing is told any more";
}

TEST_F(HubNoticesTest, WhatIsNoNoticeIsDroppedAndCounted) {
  hub.on_publication("r", R"({"type":"presence","room":"r"})");
  EXPECT_EQ(metrics.publications_dropped.Value(), 1);
}

}  // namespace
}  // namespace chat::gateway
