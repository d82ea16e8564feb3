#include "common/redis/probe.hpp"

#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/common/redis/redis_fixture.hpp"

namespace chat::test {
namespace {

using redis::CommandConnection;
using redis::Probe;
using redis::SubscriberConnection;

/// Counts losses; hands the probe its echo.
class EchoListener final : public SubscriberConnection::Listener {
 public:
  void on_message(std::string_view, std::string_view) override {}
  void on_permanent_message(std::string_view) override {
    ++echoes;
    probe->on_echo();
  }
  void on_drained() override {}
  void on_subscribed(std::string_view) override {}
  void on_lost() override { ++losses; }

  Probe* probe = nullptr;
  int echoes = 0;
  int losses = 0;
};

class ProbeTest : public RedisTest {
 protected:
  ProbeTest() {
    server.on_command = [this](FakePeer& peer, const Words& words) { serve(peer, words); };
    listener.probe = &probe;
    subscriber.start();
    commands.start();
    probe.start();
  }

  void serve(FakePeer& peer, const Words& words) {
    if (FakeRedis::answer_greeting(peer, words)) return;
    const auto head = [](const std::string& kind) {
      return "*3\r\n" + FakeRedis::bulk(kind) + FakeRedis::bulk("probe");
    };
    if (words[0] == "SUBSCRIBE") {
      subscribed = &peer;
      peer.write(head("subscribe") + ":1\r\n");
    } else if (words[0] == "PUBLISH") {
      peer.write(":1\r\n");
      if (is_echoing) subscribed->write(head("message") + FakeRedis::bulk(""));
    } else {
      peer.write("+OK\r\n");
    }
  }

  bool is_echoing = true;
  FakePeer* subscribed = nullptr;
  EchoListener listener;
  SubscriberConnection subscriber{context, server.settings(), "probe", "test",
                                  metrics, short_timing(),    listener};
  CommandConnection commands{context, server.settings(), {}, "test", metrics, short_timing()};
  prometheus::Counter& failures = all_metrics.counter("failures", "…");
  Probe probe{context, commands, subscriber, "probe", short_timing(), failures};
};

TEST_F(ProbeTest, echoes_keep_both_connections_beyond_the_limit) {
  const auto enough = 2 * (short_timing().probe_answer / short_timing().probe_period);
  ASSERT_TRUE(until([&] { return listener.echoes >= enough; }));
  EXPECT_EQ(failures.Value(), 0);
  EXPECT_EQ(server.connections, 2U);
}

TEST_F(ProbeTest, a_probe_that_is_never_echoed_drops_both_connections) {
  ASSERT_TRUE(until([&] { return listener.echoes >= 1; }));
  is_echoing = false;
  ASSERT_TRUE(until([&] { return failures.Value() == 1; }));
  EXPECT_EQ(listener.losses, 1);
  EXPECT_FALSE(commands.is_ready());
  is_echoing = true;
  ASSERT_TRUE(until([&] { return server.connections == 4 && subscriber.is_live() && commands.is_ready(); }));
}

// After Redis was killed the subscriber's connection came back two seconds before the command connection, and
// was dropped at once, together with the other; so it went on for three rounds.
TEST_F(ProbeTest, a_command_connection_that_comes_back_late_gets_its_time_for_an_echo) {
  ASSERT_TRUE(until([&] { return listener.echoes >= 1; }));
  is_echoing = false;
  bool is_cut = false;
  FakePeer* waiting = nullptr;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (words[0] == "PUBLISH" && !std::exchange(is_cut, true)) return peer.close();
    if (words[0] == "INFO") {
      waiting = &peer;
      return;
    }
    serve(peer, words);
  };
  ASSERT_TRUE(until([&] { return waiting != nullptr; }));
  settle(short_timing().probe_answer * 2 / 3);
  FakeRedis::answer_greeting(*waiting, {"INFO"});
  settle(short_timing().probe_answer * 2 / 3);
  EXPECT_TRUE(commands.is_ready());
  is_echoing = true;
  const int before = listener.echoes;
  ASSERT_TRUE(until([&] { return listener.echoes > before; }));
  EXPECT_EQ(failures.Value(), 0);
  EXPECT_EQ(listener.losses, 0);
}

TEST_F(ProbeTest, a_subscriber_is_dropped_as_well_when_the_command_connection_stays_away) {
  ASSERT_TRUE(until([&] { return listener.echoes >= 1; }));
  const FakePeer* first = subscribed;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (words[0] == "PUBLISH") return peer.close();
    if (words[0] == "INFO") return;
    serve(peer, words);
  };
  ASSERT_TRUE(until([&] { return listener.losses == 1; }));
  EXPECT_NE(first, nullptr);
}

}  // namespace
}  // namespace chat::test
