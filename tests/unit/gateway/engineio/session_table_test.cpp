#include "gateway/engineio/session_table.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/engineio/message_frame.hpp"

namespace chat::gateway::engineio {
namespace {

using namespace std::chrono_literals;
using engineio::EngineAnswer;
using engineio::EngineSession;
using engineio::EngineSettings;

class Silent final : public engineio::EngineHandler {
 public:
  explicit Silent(int& ticks) : ticks_(ticks) {}
  void on_open(EngineSession&, std::chrono::steady_clock::time_point) override {}
  void on_message(std::string_view, bool) override {}
  void on_tick(std::chrono::steady_clock::time_point) override { ++ticks_; }
  void on_closed() override {}

 private:
  int& ticks_;
};

struct SessionTableTest : ::testing::Test {
  std::deque<EngineSettings> all_settings;  // they outlive the sessions
  std::vector<std::string> answers;         // sessions answer what waits at their end
  boost::asio::io_context context{1};
  int slow = 0;
  int ticks = 0;
  SessionTable table{context, [this] { ++slow; }};

  static auto now() { return std::chrono::steady_clock::now(); }
  SessionTable::Session open(const std::string& sid, std::chrono::milliseconds ping_interval,
                             std::chrono::milliseconds ping_timeout = 20s) {
    EngineSettings& settings = all_settings.emplace_back();
    settings.ping_interval = ping_interval;
    settings.ping_timeout = ping_timeout;
    settings.max_outbox_bytes = 100;
    auto session = std::make_shared<EngineSession>(
        sid, settings, std::make_unique<Silent>(ticks),
        [this](std::function<void()> call) { boost::asio::post(context, std::move(call)); });
    session->open_polling([](const EngineAnswer&) {}, now());
    table.add(session);
    return session;
  }
  void poll(const SessionTable::Session& session) {
    session->poll([this](EngineAnswer answer) { answers.push_back(std::move(answer.body)); }, now());
    table.update(session);
  }
  /// Turns the loop until it is true, at most 10 s.
  template <class Condition>
  bool until(Condition condition) {
    const auto deadline = now() + 10s;
    while (!condition()) {
      if (now() > deadline) return false;
      context.run_one_for(100ms);
    }
    return true;
  }
};

TEST_F(SessionTableTest, FindsOpenSessionsOnly) {
  const auto session = open("a", 25s);
  EXPECT_EQ(table.find("a"), session);
  EXPECT_EQ(table.find("b"), nullptr);
  session->fail();
  EXPECT_EQ(table.find("a"), nullptr);
  table.tick(now());
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(SessionTableTest, TellsEachSessionItsTime) {
  const auto late = open("late", 25s);
  const auto soon = open("soon", 20ms);
  poll(late);
  poll(soon);
  ASSERT_TRUE(until([&] { return !answers.empty(); }));
  EXPECT_EQ(answers, std::vector<std::string>{"2"});
}

TEST_F(SessionTableTest, ForgetsASessionWhoseClientDoesNotAnswer) {
  open("a", 10ms, 10ms);
  EXPECT_TRUE(until([&] { return table.size() == 0; }));
}

TEST_F(SessionTableTest, AClosedSessionThatNobodyPollsEndsAfterAPingInterval) {
  const auto session = open("a", 50ms, 25s);
  const auto other = open("b", 25s);
  session->close();
  table.tick(now());
  EXPECT_EQ(table.polling(), 2U);
  EXPECT_TRUE(until([&] { return session->is_closed(); }));
  EXPECT_FALSE(other->is_closed());
}

TEST_F(SessionTableTest, I6CountsWhoPollsTooSlowly) {
  const auto session = open("a", 25s);
  session->send(engineio::make_message_frame(std::string(200, 'x'), false));
  EXPECT_FALSE(session->is_closed());
  table.tick(now());
  EXPECT_TRUE(until([&] { return session->is_closed(); }));
  EXPECT_EQ(slow, 1);
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(SessionTableTest, ClosingAllAnswersThePollsThatWait) {
  const auto polled = open("polled", 25s);
  const auto silent = open("silent", 25s);
  poll(polled);
  table.close_all();
  EXPECT_EQ(answers, std::vector<std::string>{"1"});
  EXPECT_FALSE(silent->is_closed());
  table.end_all();
  EXPECT_TRUE(silent->is_closed());
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(SessionTableTest, TicksReachTheHandlers) {
  open("a", 25s);
  open("b", 25s);
  table.tick(now());
  EXPECT_EQ(ticks, 2);
}

}  // namespace
}  // namespace chat::gateway::engineio
