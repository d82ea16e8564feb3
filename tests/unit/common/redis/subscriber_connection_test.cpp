#include "common/redis/subscriber_connection.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/redis/redis_fixture.hpp"

namespace chat::test {
namespace {

using redis::SubscriberConnection;
using testing::ElementsAre;
using testing::IsEmpty;

/// Notes what it is told, one line each.
class NotingListener final : public SubscriberConnection::Listener {
 public:
  void on_message(std::string_view channel, std::string_view payload) override {
    lines.push_back(std::string(channel) + "=" + std::string(payload));
  }
  void on_permanent_message(std::string_view) override { ++permanent_messages; }
  void on_drained() override { lines.emplace_back("end"); }
  void on_subscribed(std::string_view channel) override { lines.push_back("+" + std::string(channel)); }
  void on_lost() override { lines.emplace_back("lost"); }

  bool has(const std::string& line) const { return std::ranges::find(lines, line) != lines.end(); }

  std::vector<std::string> lines;
  int permanent_messages = 0;
};

class SubscriberConnectionTest : public RedisTest {
 protected:
  void connect() {
    subscriber.emplace(context, server.settings(), "probe", "test", metrics, short_timing(), listener);
    subscriber->start();
  }

  static std::string confirmation(const std::string& kind, const std::string& channel) {
    return "*3\r\n" + FakeRedis::bulk(kind) + FakeRedis::bulk(channel) + ":1\r\n";
  }
  static std::string message(const std::string& channel, const std::string& payload) {
    return "*3\r\n" + FakeRedis::bulk("message") + FakeRedis::bulk(channel) + FakeRedis::bulk(payload);
  }

  /// Confirms as Redis does. False when the command is another.
  static bool answer(FakePeer& peer, const Words& words) {
    if (FakeRedis::answer_greeting(peer, words)) return true;
    if (words[0] != "SUBSCRIBE" && words[0] != "UNSUBSCRIBE") return false;
    std::string all;
    for (std::size_t i = 1; i < words.size(); ++i)
      all += confirmation(words[0] == "SUBSCRIBE" ? "subscribe" : "unsubscribe", words[i]);
    peer.write(all);
    return true;
  }

  NotingListener listener;
  std::optional<SubscriberConnection> subscriber;
};

TEST_F(SubscriberConnectionTest, tells_the_confirmation_then_messages_then_the_end_of_the_batch) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    answer(peer, words);
    if (words[0] == "SUBSCRIBE" && words[1] == "a") peer.write(message("a", "1") + message("a", "2"));
  };
  connect();
  ASSERT_TRUE(until([&] { return subscriber->is_live(); }));
  subscriber->subscribe("a");
  subscriber->subscribe("a");
  ASSERT_TRUE(until([&] { return listener.lines.size() >= 3 && listener.lines.back() == "end"; }));
  std::erase(listener.lines, "end");
  EXPECT_THAT(listener.lines, ElementsAre("+a", "a=1", "a=2"));
}

TEST_F(SubscriberConnectionTest, many_buffered_messages_are_one_batch) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    answer(peer, words);
    if (words[0] != "SUBSCRIBE" || words.back() != "a") return;
    std::string all;
    for (int i = 0; i < 300; ++i) all += message("a", std::string(200, 'x'));
    peer.write(all);
  };
  connect();
  subscriber->subscribe("a");
  ASSERT_TRUE(until([&] { return std::ranges::count(listener.lines, "a=" + std::string(200, 'x')) == 300; }));
  ASSERT_TRUE(until([&] { return listener.lines.back() == "end"; }));
  EXPECT_LE(std::ranges::count(listener.lines, "end"), 3) << "a batch a read of 16 KiB would be 4 or more";
}

TEST_F(SubscriberConnectionTest, messages_before_the_confirmation_are_not_handed_out) {
  FakePeer* client = nullptr;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    client = &peer;
    if (words[0] == "SUBSCRIBE" && words.back() == "a") return;
    answer(peer, words);
  };
  connect();
  ASSERT_TRUE(until([&] { return subscriber->is_live(); }));
  subscriber->subscribe("a");
  settle(std::chrono::milliseconds(20));
  client->write(confirmation("subscribe", "a"));
  ASSERT_TRUE(until([&] { return listener.has("+a"); }));
  // Left and wanted again: what comes before the second confirmation may have a hole in front.
  subscriber->unsubscribe("a");
  subscriber->subscribe("a");
  client->write(message("a", "stale") + confirmation("unsubscribe", "a") + confirmation("subscribe", "a") +
                message("a", "fresh"));
  ASSERT_TRUE(until([&] { return listener.has("a=fresh"); }));
  EXPECT_FALSE(listener.has("a=stale"));
  EXPECT_EQ(std::ranges::count(listener.lines, "+a"), 2);
}

TEST_F(SubscriberConnectionTest, a_lost_confirmation_ends_in_a_new_connection) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (peer.number == 0 && words.back() == "a") return;
    answer(peer, words);
  };
  connect();
  ASSERT_TRUE(until([&] { return subscriber->is_live(); }));
  subscriber->subscribe("a");
  ASSERT_TRUE(until([&] { return listener.has("+a"); }));
  EXPECT_EQ(server.connections, 2U);
  EXPECT_EQ(listener.lines.front(), "lost");
}

TEST_F(SubscriberConnectionTest, every_channel_is_subscribed_again_in_chunks_after_the_server_closed) {
  constexpr int channels = 1203;
  FakePeer* client = nullptr;
  std::vector<std::size_t> chunks;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    client = &peer;
    if (peer.number == 1 && words[0] == "SUBSCRIBE") chunks.push_back(words.size() - 1);
    answer(peer, words);
  };
  connect();
  for (int i = 0; i < channels; ++i) subscriber->subscribe("c" + std::to_string(i));
  const auto subscribed = [&] {
    return std::ranges::count_if(listener.lines, [](const auto& line) { return line.starts_with('+'); });
  };
  ASSERT_TRUE(until([&] { return subscribed() == channels; }));
  subscriber->unsubscribe("c7");
  ASSERT_TRUE(until([&] { return subscriber->is_live(); }));
  listener.lines.clear();
  client->close();
  ASSERT_TRUE(until([&] { return subscribed() == channels - 1; }));
  EXPECT_EQ(listener.lines.front(), "lost");
  EXPECT_FALSE(listener.has("+c7"));
  EXPECT_GE(chunks.size(), 3U);
  EXPECT_LE(std::ranges::max(chunks), 500U);
  EXPECT_EQ(metrics.lost.Value(), 1);
}

TEST_F(SubscriberConnectionTest, only_held_channels_are_unsubscribed) {
  std::vector<Words> commands;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (words[0] == "SUBSCRIBE" || words[0] == "UNSUBSCRIBE") commands.push_back(words);
    answer(peer, words);
  };
  connect();
  subscriber->subscribe("never sent");
  subscriber->unsubscribe("never sent");
  subscriber->unsubscribe("unknown");
  ASSERT_TRUE(until([&] { return subscriber->is_live(); }));
  subscriber->subscribe("a");
  ASSERT_TRUE(until([&] { return listener.has("+a"); }));
  subscriber->unsubscribe("a");
  subscriber->unsubscribe("a");
  ASSERT_TRUE(until([&] { return commands.size() == 3; }));
  settle(std::chrono::milliseconds(20));
  EXPECT_THAT(commands,
              ElementsAre(Words{"SUBSCRIBE", "probe"}, Words{"SUBSCRIBE", "a"}, Words{"UNSUBSCRIBE", "a"}));
}

TEST_F(SubscriberConnectionTest, a_refused_subscription_ends_in_a_new_connection) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (peer.number == 0 && words.back() == "a")
      return peer.write("-NOPERM this user has no permissions\r\n");
    answer(peer, words);
  };
  connect();
  ASSERT_TRUE(until([&] { return subscriber->is_live(); }));
  subscriber->subscribe("a");
  ASSERT_TRUE(until([&] { return listener.has("+a"); }));
  EXPECT_EQ(server.connections, 2U);
}

TEST_F(SubscriberConnectionTest, destroyed_while_subscribing_it_tells_nothing_more) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (words[0] != "SUBSCRIBE") answer(peer, words);
  };
  connect();
  subscriber->subscribe("a");
  ASSERT_TRUE(until([&] { return metrics.connects.Value() == 1; }));
  subscriber.reset();
  settle(2 * short_timing().answer);
  EXPECT_THAT(listener.lines, IsEmpty());
}

}  // namespace
}  // namespace chat::test
