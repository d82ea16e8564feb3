// What the tests against a real Redis share: the server, stores, and calls that wait for their answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/metrics/metrics.hpp"
#include "common/redis/command_connection.hpp"
#include "gateway/bus/redis_room_store.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/redis_server.hpp"

namespace chat::test {

class StoreTest : public testing::Test {
 protected:
  using Status = gateway::AcceptReply::Status;

  explicit StoreTest(std::vector<std::string> options = {}) : server(std::move(options)) {}

  void SetUp() override {
    store.start();
    admin.start();
    ASSERT_TRUE(ready()) << store.last_error();
  }

  bool ready() {
    if (!until([&] { return store.connected() && admin.is_ready(); })) return false;
    prove_epochs();
    return true;
  }

  /// As a gateway does to a Redis of which nothing was heard before (epoch_keeper.hpp).
  void prove_epochs(std::int64_t highest = 0) {
    redis({"HSET", "chat:epochs", "run", admin.run_id(), "highest", std::to_string(highest)});
  }

  template <class Condition>
  bool until(Condition condition) {
    return pump_until(context, condition);
  }

  static gateway::AcceptRequest request(std::string text = "hello", std::string room = "general") {
    gateway::AcceptRequest made;
    made.id = random_uuid();
    made.room = std::move(room);
    made.sender = "u1";
    made.sender_name = "Ann";
    made.text = std::move(text);
    made.sent_at = 1'700'000'000'000;
    return made;
  }

  gateway::AcceptReply accept(const gateway::AcceptRequest& asked) {
    std::optional<gateway::AcceptReply> reply;
    store.accept(asked, [&](gateway::AcceptReply got) { reply = std::move(got); });
    EXPECT_TRUE(until([&] { return reply.has_value(); }));
    return reply.value_or(gateway::AcceptReply{});
  }
  gateway::AcceptReply accept_text(std::string text, std::string room = "general") {
    return accept(request(std::move(text), std::move(room)));
  }

  gateway::ReadReply read(gateway::ReadRequest asked) {
    std::optional<gateway::ReadReply> reply;
    store.read(std::move(asked), [&](gateway::ReadReply got) { reply = std::move(got); });
    EXPECT_TRUE(until([&] { return reply.has_value(); }));
    return reply.value_or(gateway::ReadReply{});
  }
  gateway::ReadReply read_since(Cursor since, std::string room = "general") {
    return read({std::move(room), since, 0});
  }
  gateway::ReadReply read_last(std::size_t history, std::string room = "general") {
    return read({std::move(room), std::nullopt, history});
  }

  /// A plain command; the answer as text (an integer in digits, an array's texts joined by spaces).
  std::string redis(std::vector<std::string> words) {
    std::optional<std::string> answer;
    const std::vector<std::string_view> views(words.begin(), words.end());
    admin.send(views, [&](const redis::Reply& reply) { answer = text_of(reply); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return answer.value_or("");
  }

  static std::string text_of(const redis::Reply& reply) {
    if (reply.type() == redis::Reply::Type::integer) return std::to_string(reply.integer());
    if (reply.type() != redis::Reply::Type::array) return std::string(reply.text());
    std::string joined;
    for (std::size_t i = 0; i < reply.size(); ++i) joined += (i > 0 ? " " : "") + text_of(reply.at(i));
    return joined;
  }

  std::int64_t hour() { return std::stoll(redis({"TIME"})) / 3600; }

  RedisServer server;
  boost::asio::io_context context;
  Metrics metrics;
  gateway::RedisRoomStore store{context, server.settings(), metrics};
  chat::redis::CommandConnection admin{
      context, server.settings(), {}, "admin", chat::redis::ConnectionMetrics(metrics, "admin")};
};

}  // namespace chat::test
