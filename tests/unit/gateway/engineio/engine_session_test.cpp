#include "gateway/engineio/engine_session.hpp"

#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/gateway/engineio/fake_socket.hpp"

namespace chat::gateway::engineio {
namespace {

using std::chrono::milliseconds;
using testing::FakeSocket;

struct Seen {
  std::vector<std::string> messages;  // a binary one with "b:" in front
  int opened = 0;
  int closed = 0;
  bool is_ready = true;
  bool is_echo = true;
};

class Echo : public EngineHandler {
 public:
  explicit Echo(Seen& seen) : seen_(seen) {}
  void on_open(EngineSession& session, EngineSession::TimePoint) override {
    session_ = &session;
    ++seen_.opened;
  }
  void on_message(std::string_view data, bool binary) override {
    seen_.messages.push_back((binary ? "b:" : "") + std::string(data));
    if (seen_.is_echo) session_->send(make_message_frame(data, binary));
  }
  bool ready_for_message() const override { return seen_.is_ready; }
  void on_closed() override { ++seen_.closed; }

 private:
  Seen& seen_;
  EngineSession* session_ = nullptr;
};

const std::pair<unsigned, std::string> refused{400, R"({"code":3,"message":"Bad request"})"};
const std::pair<unsigned, std::string> ok{200, "ok"};

struct EngineSessionTest : ::testing::Test {
  using Answers = std::vector<std::pair<unsigned, std::string>>;

  EngineSession::TimePoint now{std::chrono::hours(1)};
  Seen seen;
  FakeSocket socket, second;
  Answers polls, posts;  // the session answers what waits at its end
  std::shared_ptr<EngineSession> session = std::make_shared<EngineSession>(
      "sid", EngineSettings{milliseconds(300), milliseconds(200), milliseconds(1000), 1'000'000, 4096},
      std::make_unique<Echo>(seen), [](const auto& call) { call(); });

  EngineSession::Reply into(Answers& answers) {
    return [&answers](EngineAnswer answer) { answers.emplace_back(answer.status, std::move(answer.body)); };
  }
  void begin_polling() {
    session->open_polling(into(polls), now);
    polls.clear();
  }
  void poll() { session->poll(into(polls), now); }
  /// The whole of a request whose body comes at once.
  void post(std::string_view body) {
    if (session->begin_post())
      session->post(body, into(posts), now);
    else
      posts.push_back(refused);
  }
  void frame(FakeSocket& from, std::string_view data) { session->on_frame(from, data, false, now); }
  void pass(milliseconds time) {
    now += time;
    session->on_deadline(now);
    session->on_tick(now);
  }
};

TEST_F(EngineSessionTest, OverPollingItBeginsWithTheOpenPacket) {
  session->open_polling(into(polls), now);
  ASSERT_EQ(polls.size(), 1U);
  EXPECT_EQ(polls[0].first, 200U);
  EXPECT_EQ(
      polls[0].second,
      R"(0{"sid":"sid","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000})");
  EXPECT_EQ(seen.opened, 1);
}

TEST_F(EngineSessionTest, OnAWebSocketThereIsNothingToUpgradeTo) {
  session->open_socket(socket, now);
  ASSERT_EQ(socket.sent.size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(socket.sent[0].substr(1))["upgrades"], nlohmann::json::array());
  EXPECT_FALSE(session->begin_upgrade(second, now));
}

TEST_F(EngineSessionTest, APostIsTakenAndThePollGetsAllThatWaits) {
  begin_polling();
  post(
      "4one\x1e"
      "bAQ==\x1e"
      "4two");
  EXPECT_EQ(posts, Answers{ok});
  EXPECT_EQ(seen.messages, (std::vector<std::string>{"one", "b:\1", "two"}));
  poll();
  EXPECT_EQ(polls, (Answers{{200,
                             "4one\x1e"
                             "bAQ==\x1e"
                             "4two"}}));
}

TEST_F(EngineSessionTest, APollWaitsForTheFirstPacket) {
  begin_polling();
  poll();
  EXPECT_TRUE(polls.empty());
  post("4hello");
  EXPECT_EQ(polls, (Answers{{200, "4hello"}}));
}

TEST_F(EngineSessionTest, ASecondPollEndsTheSession) {
  begin_polling();
  poll();
  poll();
  EXPECT_EQ(polls, (Answers{{200, "1"}, refused}));
  poll();
  EXPECT_EQ(polls.back(), refused);
  EXPECT_EQ(seen.closed, 1);
}

TEST_F(EngineSessionTest, ABrokenPacketEndsTheSessionBehindWhatCameBefore) {
  begin_polling();
  poll();
  post(
      "4one\x1e"
      "abc");
  EXPECT_EQ(seen.messages, std::vector<std::string>{"one"});
  EXPECT_EQ(posts, Answers{refused});
  EXPECT_TRUE(session->is_closed());
  EXPECT_EQ(seen.closed, 1);
}

TEST_F(EngineSessionTest, TheClientsCloseAnswersItsPollWithNoop) {
  begin_polling();
  poll();
  post("1");
  EXPECT_EQ(polls, (Answers{{200, "6"}}));
  EXPECT_EQ(posts, Answers{ok});
  EXPECT_TRUE(session->is_closed());
}

TEST_F(EngineSessionTest, AHandlerThatIsNotReadyHoldsThePostBack) {
  begin_polling();
  seen.is_ready = false;
  post(
      "3\x1e"
      "4one\x1e"
      "4two");
  EXPECT_TRUE(posts.empty());
  EXPECT_TRUE(seen.messages.empty());
  ASSERT_TRUE(session->begin_upgrade(socket, now));
  EXPECT_TRUE(session->ready_for_message(socket)) << "the probe is not for the handler";
  seen.is_ready = true;
  session->resume_reading();
  EXPECT_EQ(seen.messages.size(), 2U);
  EXPECT_EQ(posts, Answers{ok});
}

TEST_F(EngineSessionTest, APostThatIsHeldBackComesBeforeWhatTheUpgradedWebSocketBrings) {
  begin_polling();
  seen.is_ready = false;
  post(
      "4one\x1e"
      "4two");
  ASSERT_TRUE(session->begin_upgrade(socket, now));
  frame(socket, "2probe");
  frame(socket, "5");
  EXPECT_FALSE(session->ready_for_message(socket));
  seen.is_ready = true;
  EXPECT_FALSE(session->ready_for_message(socket));
  session->resume_reading();
  EXPECT_EQ(seen.messages, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(posts, Answers{ok});
  EXPECT_TRUE(session->ready_for_message(socket));
}

// The reference client sends no upgrade packet before its POST is answered.
TEST_F(EngineSessionTest, AProbeAnswersThePostThatIsHeldBack) {
  begin_polling();
  seen.is_ready = false;
  post("4one");
  EXPECT_TRUE(posts.empty());
  ASSERT_TRUE(session->begin_upgrade(socket, now));
  frame(socket, "2probe");
  EXPECT_EQ(posts, Answers{ok});
  EXPECT_TRUE(seen.messages.empty());
  frame(socket, "5");
  seen.is_ready = true;
  session->resume_reading();
  EXPECT_EQ(seen.messages, std::vector<std::string>{"one"});
}

TEST_F(EngineSessionTest, WhatWasPostedIsHandedOnThoughItsClientLeft) {
  begin_polling();
  seen.is_ready = false;
  post("4one");
  session->abandon_post();
  EXPECT_FALSE(session->is_closed());
  seen.is_ready = true;
  session->resume_reading();
  EXPECT_EQ(seen.messages, std::vector<std::string>{"one"});
  EXPECT_TRUE(session->begin_post());
}

TEST_F(EngineSessionTest, I6ManyPacketsOfOnePostAreNotTakenInOneTurn) {
  std::vector<std::function<void()>> later;
  const auto queued = std::make_shared<EngineSession>(
      "q", EngineSettings{}, std::make_unique<Echo>(seen),
      [&later](std::function<void()> call) { later.push_back(std::move(call)); });
  queued->open_polling(into(polls), now);
  std::string body = "4x";
  for (int i = 1; i < 100; ++i) body += "\x1e\x34x";
  ASSERT_TRUE(queued->begin_post());
  queued->post(body, into(posts), now);
  EXPECT_EQ(seen.messages.size(), 32U);
  for (int turns = 0; turns < 3; ++turns) {
    for (const auto& call : std::exchange(later, {})) call();
  }
  EXPECT_EQ(seen.messages.size(), 100U);
  EXPECT_EQ(posts, Answers{ok});
}

// Its pong stands behind messages that are not read.
TEST_F(EngineSessionTest, AClientThatIsHeldBackIsNotTakenForDead) {
  session->open_socket(socket, now);
  pass(milliseconds(300));
  seen.is_ready = false;
  pass(milliseconds(200));
  EXPECT_FALSE(session->is_closed());
  seen.is_ready = true;
  pass(milliseconds(200));
  EXPECT_TRUE(session->is_closed());
}

TEST_F(EngineSessionTest, I6ASecondPostBeforeTheFirstIsTakenEndsTheSession) {
  begin_polling();
  seen.is_ready = false;
  post("4one");
  post("4two");
  EXPECT_EQ(posts, (Answers{refused, refused}));
  EXPECT_EQ(seen.closed, 1);
}

TEST_F(EngineSessionTest, I6WhatWaitsForAPollIsBounded) {
  begin_polling();
  const std::string large(1000, 'x');
  for (int i = 0; i < 4; ++i) session->send(make_message_frame(large, false));
  EXPECT_FALSE(session->is_closed());
  session->send(make_message_frame(large, false));
  EXPECT_EQ(seen.closed, 0) << "who sends may be amid a room's members";
  EXPECT_EQ(session->deadline(), now);
  pass(milliseconds(0));
  EXPECT_TRUE(session->is_closed());
}

TEST_F(EngineSessionTest, AnUpgradeLosesAndDoublesNothing) {
  begin_polling();
  poll();
  ASSERT_TRUE(session->begin_upgrade(socket, now));
  EXPECT_FALSE(session->begin_upgrade(second, now)) << "one at a time";
  frame(socket, "2probe");
  EXPECT_EQ(socket.take(), std::vector<std::string>{"3probe"});
  EXPECT_EQ(polls, (Answers{{200, "6"}})) << "the client cannot pause while its poll waits";
  session->send(make_message_frame("between", false));
  post("4last");
  frame(socket, "5");
  EXPECT_EQ(socket.take(), (std::vector<std::string>{"4between", "4last"}));
  frame(socket, "4hello");
  session->on_frame(socket, "\1\2", true, now);
  EXPECT_EQ(socket.take(), (std::vector<std::string>{"4hello", "\1\2"}));
  EXPECT_EQ(seen.messages, (std::vector<std::string>{"last", "hello", "b:\1\2"}));
}

TEST_F(EngineSessionTest, AfterTheProbeAPollIsAnsweredAtOnce) {
  begin_polling();
  session->begin_upgrade(socket, now);
  frame(socket, "2probe");
  poll();
  EXPECT_EQ(polls, (Answers{{200, "6"}}));
  session->send(make_message_frame("x", false));
  poll();
  EXPECT_EQ(polls.back().second, "4x");
}

TEST_F(EngineSessionTest, AfterTheUpgradePollingAndFurtherSocketsAreRefused) {
  begin_polling();
  session->begin_upgrade(socket, now);
  frame(socket, "2probe");
  frame(socket, "5");
  poll();
  post("4x");
  EXPECT_EQ(polls, Answers{refused});
  EXPECT_EQ(posts, Answers{refused});
  EXPECT_FALSE(session->begin_upgrade(second, now));
  EXPECT_FALSE(session->is_closed());
}

TEST_F(EngineSessionTest, AnUpgradeThatIsNotCompletedLeavesThePolling) {
  begin_polling();
  session->begin_upgrade(socket, now);
  frame(socket, "2probe");
  session->on_socket_closed(socket);
  poll();
  EXPECT_TRUE(polls.empty());
  post("4hello");
  EXPECT_EQ(polls, (Answers{{200, "4hello"}}));
  ASSERT_TRUE(session->begin_upgrade(second, now));
  frame(second, "4too early");
  EXPECT_TRUE(second.is_closed);
  EXPECT_EQ(seen.messages, std::vector<std::string>{"hello"});
  EXPECT_FALSE(session->is_closed());
}

TEST_F(EngineSessionTest, ABrokenPacketOnTheProbingSocketEndsTheUpgradeOnly) {
  begin_polling();
  session->begin_upgrade(socket, now);
  frame(socket, "2probe");
  frame(socket, "abc");
  EXPECT_TRUE(socket.is_closed);
  poll();
  EXPECT_TRUE(polls.empty()) << "polls wait again";
  EXPECT_FALSE(session->is_closed());
}

TEST_F(EngineSessionTest, AnUpgradeHasATime) {
  begin_polling();
  session->begin_upgrade(socket, now);
  for (int i = 0; i < 5; ++i) {
    pass(milliseconds(200));
    post("3");
  }
  EXPECT_TRUE(socket.is_closed);
  EXPECT_FALSE(session->is_closed());
}

TEST_F(EngineSessionTest, PingsAreSentAndTheirAnswersAwaited) {
  session->open_socket(socket, now);
  socket.take();
  EXPECT_EQ(session->deadline(), now + milliseconds(300));
  for (int i = 0; i < 3; ++i) {
    pass(milliseconds(300));
    EXPECT_EQ(socket.take(), std::vector<std::string>{"2"});
    frame(socket, "3");
  }
  pass(milliseconds(300));
  EXPECT_EQ(session->deadline(), now + milliseconds(200));
  pass(milliseconds(200));
  EXPECT_TRUE(session->is_closed());
  EXPECT_TRUE(socket.is_closed);
  EXPECT_EQ(seen.closed, 1);
}

TEST_F(EngineSessionTest, OverPollingThePingIsThePollsAnswer) {
  begin_polling();
  poll();
  pass(milliseconds(300));
  EXPECT_EQ(polls, (Answers{{200, "2"}}));
  post("3");
  pass(milliseconds(299));
  EXPECT_FALSE(session->is_closed());
}

TEST_F(EngineSessionTest, ItEndsWithItsWebSocketOrItsAbandonedPoll) {
  session->open_socket(socket, now);
  session->on_socket_closed(socket);
  EXPECT_EQ(seen.closed, 1);
  Seen other;
  const auto polling = std::make_shared<EngineSession>("p", EngineSettings{}, std::make_unique<Echo>(other),
                                                       [](const auto& call) { call(); });
  polling->open_polling(into(polls), now);
  polling->poll(into(polls), now);
  polling->on_poll_gone();
  EXPECT_EQ(other.closed, 1);
  EXPECT_EQ(polls.size(), 1U) << "nobody hears an answer";
}

TEST_F(EngineSessionTest, AClosedSessionTellsWhatWaitedFirst) {
  begin_polling();
  session->send(make_message_frame("last words", false));
  session->close();
  session->send(make_message_frame("too late", false));
  poll();
  poll();
  EXPECT_EQ(polls, (Answers{{200, "4last words"}, {200, "1"}}));
  EXPECT_EQ(seen.closed, 1);
}

TEST_F(EngineSessionTest, AClosedSessionThatIsNotPolledEndsByItself) {
  begin_polling();
  session->close();
  EXPECT_FALSE(session->is_closed());
  pass(milliseconds(300));
  EXPECT_TRUE(session->is_closed());
}

// Otherwise a client that never polls could keep the closed session, and what it holds, for ever.
TEST_F(EngineSessionTest, I6APongDoesNotKeepASessionThatIsClosing) {
  begin_polling();
  seen.is_ready = false;
  post(
      "4one\x1e"
      "3");
  session->close();
  seen.is_ready = true;
  session->resume_reading();
  EXPECT_EQ(posts, Answers{ok});
  pass(milliseconds(300));
  EXPECT_TRUE(session->is_closed());
}

TEST_F(EngineSessionTest, ItsEndIsToldOnce) {
  session->open_socket(socket, now);
  session->close();
  session->fail();
  session.reset();
  EXPECT_EQ(seen.closed, 1);
}

}  // namespace
}  // namespace chat::gateway::engineio
