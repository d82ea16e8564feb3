#include "gateway/bus/redis_bus.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "tests/unit/gateway/bus/store_fixture.hpp"

namespace chat::test {
namespace {

using gateway::RedisBus;
using testing::ElementsAre;

/// Notes what it is told, one line each.
class NotingListener final : public gateway::BusListener {
 public:
  void on_publication(std::string_view room, std::string_view message) override {
    lines.push_back(std::string(room) + "=" + std::string(message));
  }
  void on_batch_end() override { lines.emplace_back("end"); }
  void on_subscribed(std::string_view room) override { lines.push_back("+" + std::string(room)); }
  void on_lost() override { lines.emplace_back("lost"); }

  bool has(const std::string& line) const { return std::ranges::find(lines, line) != lines.end(); }

  std::vector<std::string> lines;
};

class RedisBusTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    bus.start();
    ASSERT_TRUE(until([&] { return bus.connected(); })) << bus.last_error();
  }

  void subscribe(const std::string& room) {
    bus.subscribe(room);
    ASSERT_TRUE(until([&] { return listener.has("+" + room); }));
    ASSERT_TRUE(until([&] { return listener.lines.back() == "end"; }));
  }

  static chat::config::RedisSettings with_prefix(chat::config::RedisSettings settings) {
    settings.prefix = "t:";
    return settings;
  }

  NotingListener listener;
  RedisBus bus{context, server.settings(), "g1", metrics, listener};
};

TEST_F(RedisBusTest, redis_tells_how_much_memory_it_uses_and_may_use) {
  const auto bytes = [&](const char* name) { return metrics.gauge(name, "").Value(); };
  EXPECT_TRUE(until([&] { return bytes("chat_redis_memory_used_bytes") > 100'000; }));
  EXPECT_EQ(bytes("chat_redis_memory_max_bytes"), 0) << "the test's Redis has no bound";
}

TEST_F(RedisBusTest, a_subscribed_room_gets_each_publication_as_the_stream_has_it_and_the_end_of_the_batch) {
  subscribe("general");
  listener.lines.clear();
  const auto asked = request("héllo");
  const auto reply = accept(asked);
  ASSERT_TRUE(until([&] { return !listener.lines.empty() && listener.lines.back() == "end"; }));
  EXPECT_THAT(listener.lines, ElementsAre("general=" + gateway::make_message(asked, reply.cursor), "end"));
}

TEST_F(RedisBusTest, a_duplicate_and_a_conflict_are_not_published) {
  subscribe("general");
  auto asked = request();
  accept(asked);
  accept(asked);
  asked.text = "another";
  accept(asked);
  const auto last = request("last");
  const std::string end = "general=" + gateway::make_message(last, accept(last).cursor);
  ASSERT_TRUE(until([&] { return listener.has(end); }));
  EXPECT_EQ(
      std::ranges::count_if(listener.lines, [](const auto& line) { return line.starts_with("general="); }),
      2);
}

TEST_F(RedisBusTest, an_unsubscribed_room_is_silent_and_can_come_back) {
  subscribe("general");
  subscribe("other");
  bus.unsubscribe("general");
  accept_text("unheard");
  accept_text("heard", "other");
  ASSERT_TRUE(until([&] { return listener.lines.back() == "end" && listener.lines.size() > 4; }));
  EXPECT_FALSE(
      std::ranges::any_of(listener.lines, [](const auto& line) { return line.starts_with("general="); }));
  listener.lines.clear();
  subscribe("general");
}

TEST_F(RedisBusTest, rooms_of_another_prefix_are_not_heard) {
  NotingListener prefixed;
  RedisBus other(context, with_prefix(server.settings()), "g1", metrics, prefixed);
  other.start();
  other.subscribe("general");
  ASSERT_TRUE(until([&] { return prefixed.has("+general"); }));
  subscribe("general");
  accept_text("mine");
  ASSERT_TRUE(until([&] { return listener.lines.size() >= 4; }));
  redis({"PUBLISH", "t:chat:{general}", "theirs"});
  ASSERT_TRUE(until([&] { return prefixed.has("general=theirs"); }));
  EXPECT_EQ(
      std::ranges::count_if(prefixed.lines, [](const auto& line) { return line.starts_with("general="); }),
      1);
}

TEST_F(RedisBusTest, a_read_for_repair_is_answered) {
  const Cursor newest = accept_text("1").cursor;
  std::optional<gateway::ReadReply> reply;
  bus.read({"general", Cursor{newest.epoch, 0}, 0}, [&](gateway::ReadReply got) { reply = std::move(got); });
  ASSERT_TRUE(until([&] { return reply.has_value(); }));
  EXPECT_TRUE(reply->complete);
  EXPECT_EQ(reply->entries.size(), 1U);
}

TEST_F(RedisBusTest, tells_what_redis_does_when_its_memory_is_full) {
  std::optional<Result<chat::redis::EvictionPolicy>> policy;
  const auto ask = [&] {
    policy.reset();
    bus.read_eviction_policy([&](Result<chat::redis::EvictionPolicy> told) { policy = std::move(told); });
    EXPECT_TRUE(until([&] { return policy.has_value(); }));
  };
  ask();
  EXPECT_EQ(policy->value().name, "noeviction");
  redis({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  ask();
  EXPECT_EQ(policy->value().name, "allkeys-lru");
  redis({"ACL", "SETUSER", "default", "-info"});
  ask();
  EXPECT_EQ(policy->error().message, "NOPERM");
  server.kill();
  ASSERT_TRUE(until([&] { return !bus.connected(); }));
  ask();
  EXPECT_EQ(policy->error().message, "no answer");
}

TEST_F(RedisBusTest, I3_after_a_restart_of_redis_every_wanted_room_is_subscribed_again) {
  subscribe("a");
  subscribe("b");
  subscribe("c");
  bus.unsubscribe("b");
  listener.lines.clear();
  server.kill();
  ASSERT_TRUE(until([&] { return listener.has("lost"); }));
  EXPECT_FALSE(bus.connected());
  bus.subscribe("d");
  server.start();
  ASSERT_TRUE(until([&] { return listener.has("+a") && listener.has("+c") && listener.has("+d"); }));
  EXPECT_FALSE(listener.has("+b"));
  ASSERT_TRUE(until([&] { return bus.connected() && store.connected(); }));
  accept_text("again", "a");
  EXPECT_TRUE(until([&] {
    return listener.lines.size() > 5 && listener.lines[listener.lines.size() - 2].starts_with("a=");
  }));
}

TEST_F(RedisBusTest, I3_a_stopped_redis_is_noticed_within_3_s_and_healed_when_it_goes_on) {
  subscribe("general");
  listener.lines.clear();
  const auto begin = std::chrono::steady_clock::now();
  server.freeze();
  ASSERT_TRUE(until([&] { return listener.has("lost"); }));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, std::chrono::milliseconds(3000));
  EXPECT_FALSE(bus.connected());
  server.thaw();
  ASSERT_TRUE(until([&] { return listener.has("+general") && bus.connected(); }));
}

TEST_F(RedisBusTest, a_master_that_became_a_replica_is_left_and_found_again_when_it_serves) {
  subscribe("general");
  listener.lines.clear();
  const auto begin = std::chrono::steady_clock::now();
  redis({"REPLICAOF", "127.0.0.1", "1"});
  ASSERT_TRUE(until([&] { return listener.has("lost"); }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2500))
      << "a refused write of the probe must end both connections";
  EXPECT_EQ(accept_text("refused").status, Status::unavailable);
  redis({"REPLICAOF", "NO", "ONE"});
  listener.lines.clear();
  ASSERT_TRUE(until([&] { return bus.connected() && store.connected(); }));
  EXPECT_EQ(accept_text("served").status, Status::accepted);
}

}  // namespace
}  // namespace chat::test
