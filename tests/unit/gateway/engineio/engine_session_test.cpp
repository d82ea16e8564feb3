#include "gateway/engineio/engine_session.hpp"

#include <nlohmann/json.hpp>

#include "tests/unit/gateway/engineio/session_fixture.hpp"

namespace chat::gateway::engineio {
namespace {

using namespace testing;

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

TEST_F(EngineSessionTest, ItEndsWithItsWebSocketOrItsAbandonedPoll) {
  session->open_socket(socket, now);
  session->on_socket_closed(socket);
  EXPECT_EQ(seen.closed, 1);
  Seen other;
  const auto polling = std::make_shared<EngineSession>("p", settings, std::make_unique<Echo>(other),
                                                       [](const auto& call) { call(); });
  polling->open_polling(into(polls), now);
  polling->poll(into(polls), now);
  polling->on_poll_gone();
  EXPECT_EQ(other.closed, 1);
  EXPECT_EQ(polls.size(), 1U) << "nobody hears an answer";
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
