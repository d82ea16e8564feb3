#include "common/redis/command_connection.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/redis/redis_fixture.hpp"

namespace chat::test {
namespace {

using redis::CommandConnection;
using redis::Reply;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CommandConnectionTest : public RedisTest {
 protected:
  CommandConnection& connect(config::RedisSettings settings,
                             const std::vector<std::string_view>& scripts = {}) {
    CommandConnection::Events events;
    events.on_refused = [this](std::string_view code) { refusals.emplace_back(code); };
    connection.emplace(context, std::move(settings), scripts, "test", metrics, timing, std::move(events));
    connection->start();
    return *connection;
  }
  CommandConnection& connect() { return connect(server.settings()); }

  CommandConnection& connect_ready() {
    connect();
    EXPECT_TRUE(until([&] { return connection->is_ready(); }));
    return *connection;
  }

  /// Notes the reply's text, or "none".
  CommandConnection::Handler note() {
    return [this](const Reply& reply) { answers.emplace_back(reply.is_none() ? "none" : reply.text()); };
  }

  redis::Timing timing = short_timing();
  std::vector<std::string> answers;
  std::vector<std::string> refusals;
  std::optional<CommandConnection> connection;
};

TEST_F(CommandConnectionTest, greets_with_password_database_and_scripts_before_it_is_ready) {
  std::vector<Words> commands;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    commands.push_back(words);
    FakeRedis::answer_greeting(peer, words);
  };
  auto settings = server.settings();
  settings.username = "gw";
  settings.password = "pass word";
  settings.database = 3;
  connect(settings, {"return 1", "return 2"});
  ASSERT_TRUE(until([&] { return connection->is_ready(); }));
  EXPECT_THAT(commands, ElementsAre(Words{"AUTH", "gw", "pass word"}, Words{"SELECT", "3"}, Words{"PING"},
                                    Words{"INFO", "server"}, Words{"SCRIPT", "LOAD", "return 1"},
                                    Words{"SCRIPT", "LOAD", "return 2"}));
  EXPECT_EQ(connection->run_id(), "run-0");
  EXPECT_EQ(connection->sha(1), "sha-of-return 2");
}

TEST_F(CommandConnectionTest, answers_reach_their_handlers_in_order_and_words_are_binary) {
  const std::string binary("a\0 \r\n%s", 7);
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (!FakeRedis::answer_greeting(peer, words)) peer.write(FakeRedis::bulk(words[1]));
  };
  connect_ready();
  connection->send({"ECHO", binary}, note());
  connection->send({"ECHO", "2"}, note());
  EXPECT_TRUE(answers.empty());
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  EXPECT_THAT(answers, ElementsAre(binary, "2"));
}

TEST_F(CommandConnectionTest, a_silent_server_is_not_ready_and_is_tried_again) {
  server.on_command = [](FakePeer&, const Words&) {};
  connect();
  connection->send({"GET", "k"}, note());
  EXPECT_TRUE(answers.empty()) << "a handler ran inside the call";
  ASSERT_TRUE(until([&] { return answers.size() == 1; }));
  EXPECT_EQ(answers[0], "none");
  ASSERT_TRUE(until([&] { return server.connections >= 3; }));
  EXPECT_FALSE(connection->is_ready());
  EXPECT_THAT(connection->last_error(), HasSubstr("no answer in time"));
}

TEST_F(CommandConnectionTest, a_refusing_server_is_named_and_found_when_it_comes) {
  std::optional<FakeRedis> later(std::in_place, context);
  const unsigned short port = later->port();
  const auto settings = later->settings();
  later.reset();
  connect(settings);
  ASSERT_TRUE(until([&] { return !connection->last_error().empty(); }));
  EXPECT_THAT(connection->last_error(), HasSubstr("cannot be reached (Connection refused)"));
  later.emplace(context, port);
  EXPECT_TRUE(until([&] { return connection->is_ready(); }));
  connection.reset();
}

TEST_F(CommandConnectionTest, a_loading_server_is_waited_for) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (peer.number < 2) return peer.write("-LOADING Redis is loading the dataset in memory\r\n");
    FakeRedis::answer_greeting(peer, words);
  };
  connect();
  ASSERT_TRUE(until([&] { return connection->is_ready(); }));
  EXPECT_EQ(connection->run_id(), "run-2");
  EXPECT_THAT(connection->last_error(), HasSubstr("loading"));
}

TEST_F(CommandConnectionTest, a_missing_password_is_said) {
  server.on_command = [](FakePeer& peer, const Words&) {
    peer.write("-NOAUTH Authentication required.\r\n");
  };
  connect();
  ASSERT_TRUE(until([&] { return !connection->last_error().empty(); }));
  EXPECT_THAT(connection->last_error(), HasSubstr("set REDIS_PASSWORD"));
}

TEST_F(CommandConnectionTest, a_wrong_password_is_said_without_the_password) {
  server.on_command = [](FakePeer& peer, const Words& words) {
    const std::string what =
        peer.number == 0 ? "WRONGPASS invalid" : "ERR unknown command AUTH with " + words.back();
    peer.write("-" + what + "\r\n");
  };
  auto settings = server.settings();
  settings.password = "geheim";
  connect(settings);
  ASSERT_TRUE(until([&] { return !connection->last_error().empty(); }));
  EXPECT_THAT(connection->last_error(), HasSubstr("refused the user or the password"));
  ASSERT_TRUE(
      until([&] { return connection->last_error().find("refused AUTH (ERR)") != std::string::npos; }));
  EXPECT_THAT(connection->last_error(), Not(HasSubstr("geheim")));
}

TEST_F(CommandConnectionTest, half_a_reply_ends_in_a_new_connection_and_one_call_of_the_handler) {
  server.on_command = [](FakePeer& peer, const Words& words) {
    if (!FakeRedis::answer_greeting(peer, words)) peer.write(peer.number == 0 ? "$5\r\nab" : "+fine\r\n");
  };
  connect_ready();
  connection->send({"GET", "k"}, note());
  ASSERT_TRUE(until([&] { return answers.size() == 1; }));
  EXPECT_EQ(answers[0], "none");
  ASSERT_TRUE(until([&] { return connection->is_ready(); }));
  EXPECT_EQ(connection->run_id(), "run-1");
  connection->send({"GET", "k"}, note());
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  EXPECT_EQ(answers[1], "fine");
}

TEST_F(CommandConnectionTest, every_handler_runs_once_and_in_order_when_the_server_resets_midway) {
  int answered = 0;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (FakeRedis::answer_greeting(peer, words)) return;
    if (++answered == 500) return peer.reset();
    peer.write("+" + words[1] + "\r\n");
  };
  connect_ready();
  std::vector<int> order;
  for (int i = 0; i < 1000; ++i)
    connection->send({"ECHO", std::to_string(i)}, [&order, i](const Reply&) { order.push_back(i); });
  ASSERT_TRUE(until([&] { return order.size() == 1000 && connection->is_ready(); }));
  settle(std::chrono::milliseconds(50));
  ASSERT_EQ(order.size(), 1000U);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(CommandConnectionTest, a_command_without_an_answer_drops_the_connection_after_the_limit) {
  server.on_command = [](FakePeer& peer, const Words& words) { FakeRedis::answer_greeting(peer, words); };
  connect_ready();
  const auto begin = std::chrono::steady_clock::now();
  connection->send({"GET", "k"}, note());
  connection->send({"GET", "l"}, note());
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, short_timing().answer);
  EXPECT_THAT(connection->last_error(), HasSubstr("did not answer a command in time"));
  EXPECT_TRUE(until([&] { return connection->is_ready(); }));
  EXPECT_EQ(metrics.lost.Value(), 1);
  EXPECT_EQ(metrics.connects.Value(), 2);
  EXPECT_EQ(metrics.connected.Value(), 1);
}

TEST_F(CommandConnectionTest, answered_commands_keep_the_connection_beyond_the_limit) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (!FakeRedis::answer_greeting(peer, words)) peer.write("+ok\r\n");
  };
  connect_ready();
  const auto end = std::chrono::steady_clock::now() + 2 * short_timing().answer;
  CommandConnection::Handler again = [&](const Reply& reply) {
    ASSERT_FALSE(reply.is_none());
    if (std::chrono::steady_clock::now() < end) return connection->send({"GET", "k"}, again);
    answers.emplace_back("end");
  };
  connection->send({"GET", "k"}, again);
  ASSERT_TRUE(until([&] { return !answers.empty(); }));
  EXPECT_EQ(server.connections, 1U);
}

class RefusingCode : public CommandConnectionTest, public testing::WithParamInterface<const char*> {};

TEST_P(RefusingCode, makes_the_connection_anew) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (FakeRedis::answer_greeting(peer, words)) return;
    peer.write(words[1] == "1" ? std::string("-") + GetParam() + " no\r\n" : "+late\r\n");
  };
  connect_ready();
  connection->send({"SET", "1"}, note());
  connection->send({"SET", "2"}, note());
  ASSERT_TRUE(until([&] { return server.connections == 2 && connection->is_ready(); }));
  EXPECT_THAT(answers, ElementsAre(std::string(GetParam()) + " no", "none"));
  EXPECT_THAT(refusals, ElementsAre(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(all, RefusingCode,
                         testing::Values("READONLY", "MASTERDOWN", "LOADING", "NOREPLICAS", "NOSCRIPT"),
                         [](const auto& tested) { return tested.param; });

TEST_F(CommandConnectionTest, other_errors_are_answers) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (!FakeRedis::answer_greeting(peer, words)) peer.write("-OOM no\r\n");
  };
  connect_ready();
  connection->send({"SET", "1"}, note());
  connection->send({"SET", "2"}, note());
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  EXPECT_THAT(answers, ElementsAre("OOM no", "OOM no"));
  EXPECT_TRUE(connection->is_ready());
  EXPECT_TRUE(refusals.empty());
}

TEST_F(CommandConnectionTest, a_handler_may_send_again_when_the_connection_breaks) {
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (!FakeRedis::answer_greeting(peer, words)) peer.close();
  };
  connect_ready();
  connection->send({"GET", "k"}, [&](const Reply& reply) {
    answers.emplace_back(reply.is_none() ? "first none" : "?");
    connection->send({"GET", "k"}, note());
    EXPECT_EQ(answers.size(), 1U) << "a handler ran inside the call";
  });
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  EXPECT_THAT(answers, ElementsAre("first none", "none"));
}

TEST_F(CommandConnectionTest, destroyed_in_any_state_it_runs_no_handler) {
  bool is_answering = false;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (is_answering) FakeRedis::answer_greeting(peer, words);
  };
  connect();
  connection->send({"GET", "while connecting"}, note());
  connection.reset();

  auto by_name = server.settings();
  by_name.host = "localhost";
  connect(by_name);
  connection.reset();

  connect();
  ASSERT_TRUE(until([&] { return server.connections == 2; }));
  connection->send({"GET", "while greeting"}, note());
  connection.reset();

  is_answering = true;
  connect_ready();
  connection->send({"GET", "in flight"}, note());
  connection.reset();
  settle(2 * short_timing().answer);
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(metrics.connected.Value(), 0);
}

TEST_F(CommandConnectionTest, destroyed_it_closes_its_socket) {
  std::shared_ptr<FakePeer> client;
  server.on_command = [&](FakePeer& peer, const Words& words) {
    client = peer.shared_from_this();
    FakeRedis::answer_greeting(peer, words);
  };
  connect_ready();
  connection.reset();
  EXPECT_TRUE(until([&] { return client->is_left; }));
}

TEST_F(CommandConnectionTest, a_name_is_resolved_and_each_of_its_addresses_tried) {
  auto settings = server.settings();
  settings.host = "localhost";
  connect(settings);
  EXPECT_TRUE(until([&] { return connection->is_ready(); }));
}

TEST_F(CommandConnectionTest, an_unknown_name_is_said) {
  auto settings = server.settings();
  settings.host = "no-such-host.invalid";
  connect(settings);
  ASSERT_TRUE(until([&] { return !connection->last_error().empty(); }));
  EXPECT_THAT(connection->last_error(), HasSubstr("check REDIS_HOST"));
}

TEST_F(CommandConnectionTest, a_command_larger_than_the_socket_holds_arrives_whole) {
  const std::string large(1'000'000, 'x');
  server.on_command = [&](FakePeer& peer, const Words& words) {
    if (!FakeRedis::answer_greeting(peer, words)) peer.write("+" + std::to_string(words[1].size()) + "\r\n");
  };
  timing.answer = std::chrono::seconds(20);
  connect_ready();
  for (int i = 0; i < 3; ++i) connection->send({"SET", large}, note());
  ASSERT_TRUE(until([&] { return answers.size() == 3; }));
  EXPECT_THAT(answers, ElementsAre("1000000", "1000000", "1000000"));
}

}  // namespace
}  // namespace chat::test
