#include "tests/unit/gateway/engineio/session_fixture.hpp"

namespace chat::gateway::engineio {
namespace {

using namespace testing;

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

}  // namespace
}  // namespace chat::gateway::engineio
