#include "tests/unit/gateway/engineio/session_fixture.hpp"

namespace chat::gateway::engineio {
namespace {

using namespace testing;

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
  const EngineSettings defaults;
  std::vector<std::function<void()>> later;
  const auto queued = std::make_shared<EngineSession>(
      "q", defaults, std::make_unique<Echo>(seen),
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

TEST_F(EngineSessionTest, OverPollingThePingIsThePollsAnswer) {
  begin_polling();
  poll();
  pass(milliseconds(300));
  EXPECT_EQ(polls, (Answers{{200, "2"}}));
  post("3");
  pass(milliseconds(299));
  EXPECT_FALSE(session->is_closed());
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

}  // namespace
}  // namespace chat::gateway::engineio
