#include "gateway/bus/bus_trial.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/admin/dependencies.hpp"
#include "gateway/bus/redis_bus.hpp"
#include "gateway/bus/redis_room_store.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/redis_server.hpp"

namespace chat::test {
namespace {

using gateway::AcceptReply;
using testing::HasSubstr;
using testing::Not;

class CountingListener final : public gateway::BusListener {
 public:
  void on_publication(std::string_view, std::string_view) override { ++calls; }
  void on_batch_end() override {}
  void on_subscribed(std::string_view) override { ++calls; }
  void on_lost() override {}

  int calls = 0;
};

/// A gateway's bus and one worker's store on a Redis of the test's own.
class BusTrialTest : public testing::Test {
 protected:
  void start_server(std::vector<std::string> options = {}) { server.emplace(std::move(options)); }

  void start_bus(const config::RedisSettings& settings) {
    bus.emplace(context, settings, "g1", metrics, listener, timing(), &trial, pace());
    store.emplace(context, settings, metrics, gateway::default_stream_hard_cap, timing(), &worker_trial);
    bus->start();
    store->start();
  }
  void start_bus() { start_bus(server->settings()); }

  static redis::Timing timing() {
    redis::Timing timing;
    timing.probe_period = std::chrono::milliseconds(20);
    timing.first_backoff = std::chrono::milliseconds(5);
    timing.max_backoff = std::chrono::milliseconds(50);
    return timing;
  }
  static gateway::BusTrial::Pace pace() {
    return {std::chrono::milliseconds(40), std::chrono::milliseconds(20), std::chrono::milliseconds(5),
            std::chrono::milliseconds(3000)};
  }

  template <class Condition>
  bool until(Condition condition) {
    return pump_until(context, condition);
  }

  /// As /readyz tells it; empty when all is well.
  std::string cause() const {
    const auto trouble = dependencies.trouble("redis");
    return trouble ? trouble->cause : "";
  }
  std::string told() const { return dependencies.first_trouble(); }
  bool serves() { return dependencies.have_served() && cause().empty(); }

  AcceptReply::Status send() {
    std::optional<AcceptReply::Status> status;
    gateway::AcceptRequest request;
    request.id = random_uuid();
    request.room = "general";
    request.text = "hello";
    store->accept(request, [&](const AcceptReply& reply) { status = reply.status; });
    EXPECT_TRUE(until([&] { return status.has_value(); })) << "a send without an answer";
    return status.value_or(AcceptReply::Status::conflict);
  }

  std::optional<RedisServer> server;
  boost::asio::io_context context;
  Metrics metrics;
  admin::Dependencies dependencies{metrics};
  admin::Trial& trial = dependencies.add("redis");
  admin::Trial& worker_trial = dependencies.add("redis");
  CountingListener listener;
  std::optional<gateway::RedisBus> bus;
  std::optional<gateway::RedisRoomStore> store;
};

TEST_F(BusTrialTest, what_is_tried_is_left_in_no_key_and_told_to_no_member) {
  start_server();
  start_bus();
  ASSERT_TRUE(until([&] { return serves(); })) << told();
  bus.reset();
  const std::string commands = server->command({"INFO", "commandstats"});
  for (const char* command : {"xadd", "publish", "zadd", "hset", "evalsha"})
    EXPECT_THAT(commands, HasSubstr(std::string("cmdstat_") + command)) << "nothing was tried";
  for (const char* pattern : {"*{*", "chat:active*"})
    EXPECT_EQ(server->command({"KEYS", pattern}), "*0\r\n") << pattern;
  EXPECT_EQ(listener.calls, 0);
}

TEST_F(BusTrialTest, a_redis_that_comes_late_is_found) {
  start_server();
  server->kill();
  start_bus();
  ASSERT_TRUE(until([&] { return cause() == "unreachable"; }));
  EXPECT_FALSE(dependencies.have_served());
  server->start();
  EXPECT_TRUE(until([&] { return serves(); })) << told();
}

/// What befalls a Redis that serves, and how it is mended.
struct Fault {
  std::string cause;
  std::vector<std::vector<std::string>> strike;
  std::vector<std::vector<std::string>> mend;
};

void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.cause;
}

class BusTrialFaultTest : public BusTrialTest, public testing::WithParamInterface<Fault> {};

TEST_P(BusTrialFaultTest, is_named_while_it_lasts_and_sends_are_answered_unavailable) {
  start_server();
  start_bus();
  ASSERT_TRUE(until([&] { return serves(); })) << told();
  ASSERT_EQ(send(), AcceptReply::Status::accepted);
  for (const auto& words : GetParam().strike) ASSERT_EQ(server->command(words), "+OK\r\n") << words[0];
  ASSERT_TRUE(until([&] { return cause() == GetParam().cause; })) << told();
  EXPECT_EQ(send(), AcceptReply::Status::unavailable);
  EXPECT_TRUE(dependencies.have_served());
  for (const auto& words : GetParam().mend) ASSERT_EQ(server->command(words), "+OK\r\n") << words[0];
  ASSERT_TRUE(until([&] { return serves() && store->connected(); })) << told();
  EXPECT_EQ(send(), AcceptReply::Status::accepted);
}

INSTANTIATE_TEST_SUITE_P(
    Redis, BusTrialFaultTest,
    testing::Values(
        Fault{"memory", {{"CONFIG", "SET", "maxmemory", "1"}}, {{"CONFIG", "SET", "maxmemory", "0"}}},
        Fault{"read_only", {{"REPLICAOF", "127.0.0.1", "1"}}, {{"REPLICAOF", "NO", "ONE"}}},
        Fault{"master_down",
              {{"CONFIG", "SET", "replica-serve-stale-data", "no"}, {"REPLICAOF", "127.0.0.1", "1"}},
              {{"REPLICAOF", "NO", "ONE"}}},
        Fault{"no_replicas",
              {{"CONFIG", "SET", "min-replicas-to-write", "1"}},
              {{"CONFIG", "SET", "min-replicas-to-write", "0"}}},
        Fault{"permission",
              {{"ACL", "SETUSER", "default", "-xadd"}},
              {{"ACL", "SETUSER", "default", "+xadd"}}}),
    [](const auto& one) { return one.param.cause; });

TEST_F(BusTrialTest, a_redis_that_cannot_save_to_disk_is_named_and_found_again) {
  start_server({"--enable-protected-configs", "yes"});
  start_bus();
  ASSERT_TRUE(until([&] { return serves(); })) << told();
  // A snapshot fails even for root where its folder is gone.
  const auto gone = server->folder() / "gone";
  std::filesystem::create_directory(gone);
  ASSERT_EQ(server->command({"CONFIG", "SET", "dir", gone.string()}), "+OK\r\n");
  std::filesystem::remove(gone);
  ASSERT_EQ(server->command({"CONFIG", "SET", "save", "3600 1000000"}), "+OK\r\n");
  server->command({"BGSAVE"});
  ASSERT_TRUE(until([&] { return cause() == "disk"; })) << told();
  EXPECT_EQ(send(), AcceptReply::Status::unavailable);
  ASSERT_EQ(server->command({"CONFIG", "SET", "dir", server->folder().string()}), "+OK\r\n");
  server->command({"BGSAVE"});
  ASSERT_TRUE(until([&] { return serves(); })) << told();
  EXPECT_EQ(send(), AcceptReply::Status::accepted);
}

TEST_F(BusTrialTest, a_script_that_does_not_end_is_named_and_ended) {
  start_server({"--busy-reply-threshold", "1"});
  start_bus();
  ASSERT_TRUE(until([&] { return serves(); })) << told();
  std::thread endless([&] { server->command({"EVAL", "while true do end", "0"}); });
  EXPECT_TRUE(until([&] { return cause() == "busy_script"; })) << told();
  EXPECT_EQ(send(), AcceptReply::Status::unavailable);
  EXPECT_EQ(server->command({"SCRIPT", "KILL"}), "+OK\r\n");
  endless.join();
  EXPECT_TRUE(until([&] { return serves(); })) << told();
}

/// A Redis that is wrong from the start.
struct Unfit {
  std::string name;
  std::string cause;
  std::vector<std::string> options;
  std::function<void(config::RedisSettings&)> settings = [](config::RedisSettings&) {};
};

void PrintTo(const Unfit& unfit, std::ostream* out) {
  *out << unfit.name;
}

class BusTrialStartTest : public BusTrialTest, public testing::WithParamInterface<Unfit> {};

TEST_P(BusTrialStartTest, is_named_and_never_serves) {
  start_server(GetParam().options);
  auto settings = server->settings();
  GetParam().settings(settings);
  start_bus(settings);
  ASSERT_TRUE(until([&] { return cause() == GetParam().cause; })) << told();
  // What only takes the subscriptions away lets messages through, to who could not see them.
  if (GetParam().name != "no_subscribe") {
    EXPECT_EQ(send(), AcceptReply::Status::unavailable);
  }
  EXPECT_FALSE(dependencies.have_served());
  EXPECT_THAT(told(), Not(HasSubstr(server->settings().password)));
}

INSTANTIATE_TEST_SUITE_P(
    Redis, BusTrialStartTest,
    testing::Values(Unfit{"cluster", "cluster_mode", {"--cluster-enabled", "yes"}},
                    Unfit{
                        "wrong_password", "login", {}, [](auto& settings) { settings.password = "another"; }},
                    Unfit{"no_password", "login", {}, [](auto& settings) { settings.password.clear(); }},
                    Unfit{"unknown_user", "login", {}, [](auto& settings) { settings.username = "nobody"; }},
                    Unfit{"no_such_database", "database", {}, [](auto& settings) { settings.database = 99; }},
                    Unfit{"too_few_clients", "max_clients", {"--maxclients", "1"}},
                    Unfit{"no_evalsha", "command_missing", {"--rename-command", "EVALSHA", ""}},
                    Unfit{"no_script", "command_missing", {"--rename-command", "SCRIPT", ""}},
                    Unfit{"no_publish", "command_missing", {"--rename-command", "PUBLISH", ""}},
                    Unfit{"no_subscribe", "command_missing", {"--rename-command", "SUBSCRIBE", ""}},
                    Unfit{"no_info", "command_missing", {"--rename-command", "INFO", ""}},
                    Unfit{"no_xadd", "command_missing", {"--rename-command", "XADD", ""}}),
    [](const auto& one) { return one.param.name; });

TEST_F(BusTrialTest, a_cluster_node_with_all_slots_is_refused_as_well) {
  start_server({"--cluster-enabled", "yes"});
  ASSERT_EQ(server->command({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "+OK\r\n");
  start_bus();
  ASSERT_TRUE(until([&] { return cause() == "cluster_mode"; })) << told();
  EXPECT_THAT(told(), HasSubstr("cluster-enabled no"));
}

/// deploy/README.md lists these for the gateway's user.
const std::vector<std::string> gateway_rights{
    "~chat:*",      "&chat:*",  "+ping",      "+info",         "+script|load", "+evalsha", "+subscribe",
    "+unsubscribe", "+publish", "+set",       "+time",         "+hget",        "+hmget",   "+hset",
    "+xadd",        "+xrange",  "+xrevrange", "+xinfo|stream", "+expire",      "+zadd",    "+get",
    "+exists",      "+zrem",    "+del",       "+xdel",         "+xsetid"};

/// Without these the trial goes well: what the scripts do with them they do without where they must.
const std::vector<std::string> helpful_rights{"+unsubscribe", "+xinfo|stream", "+zrem",
                                              "+del",         "+xdel",         "+xsetid"};

config::RedisSettings as_user_without(RedisServer& server, const std::string& missing) {
  std::vector<std::string> words{"ACL", "SETUSER", "gw", "reset", "on", ">pw", "-@all"};
  for (const std::string& right : gateway_rights)
    if (right != missing) words.push_back(right);
  EXPECT_EQ(server.command(words), "+OK\r\n");
  auto settings = server.settings();
  settings.username = "gw";
  settings.password = "pw";
  return settings;
}

TEST_F(BusTrialTest, the_rights_that_are_documented_are_enough) {
  start_server();
  start_bus(as_user_without(*server, "none"));
  EXPECT_TRUE(until([&] { return serves(); })) << told();
  EXPECT_EQ(send(), AcceptReply::Status::accepted);
}

class BusTrialRightsTest : public BusTrialTest, public testing::WithParamInterface<std::string> {};

TEST_P(BusTrialRightsTest, is_missed_before_a_client_misses_it) {
  start_server();
  start_bus(as_user_without(*server, GetParam()));
  if (std::ranges::find(helpful_rights, GetParam()) != helpful_rights.end()) {
    EXPECT_TRUE(until([&] { return serves(); })) << told();
  } else {
    EXPECT_TRUE(until([&] { return cause() == "permission"; })) << told();
    EXPECT_FALSE(dependencies.have_served());
  }
}

INSTANTIATE_TEST_SUITE_P(Redis, BusTrialRightsTest, testing::ValuesIn(gateway_rights), [](const auto& one) {
  std::string name = one.param[0] == '~' ? "keys" : one.param[0] == '&' ? "channels" : "";
  for (const char c : one.param) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST_F(BusTrialTest, a_channel_pattern_that_leaves_out_rooms_is_missed_too) {
  start_server();
  const auto settings = as_user_without(*server, "none");
  ASSERT_EQ(server->command({"ACL", "SETUSER", "gw", "resetchannels", "&chat:probe:*"}), "+OK\r\n");
  start_bus(settings);
  EXPECT_TRUE(until([&] { return cause() == "permission"; })) << told();
  EXPECT_FALSE(dependencies.have_served());
}

}  // namespace
}  // namespace chat::test
