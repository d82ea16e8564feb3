// A session whose handler echoes, and a client that polls, posts, upgrades and lets time pass.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/engineio/engine_session.hpp"
#include "gateway/engineio/message_frame.hpp"
#include "tests/unit/gateway/engineio/fake_socket.hpp"

namespace chat::gateway::engineio::testing {

using std::chrono::milliseconds;

/// What an Echo handler saw, and how it is to behave.
struct Seen {
  std::vector<std::string> messages;  // a binary one with "b:" in front
  int opened = 0;
  int closed = 0;
  bool is_ready = true;
  bool is_echo = true;
};

/// Sends each message back.
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

inline const std::pair<unsigned, std::string> refused{400, R"({"code":3,"message":"Bad request"})"};
inline const std::pair<unsigned, std::string> ok{200, "ok"};

struct EngineSessionTest : ::testing::Test {
  using Answers = std::vector<std::pair<unsigned, std::string>>;

  EngineSession::TimePoint now{std::chrono::hours(1)};
  const EngineSettings settings{milliseconds(300), milliseconds(200), milliseconds(1000), 1'000'000, 4096};
  Seen seen;
  FakeSocket socket, second;
  Answers polls, posts;  // the session answers what waits at its end
  std::shared_ptr<EngineSession> session = std::make_shared<EngineSession>(
      "sid", settings, std::make_unique<Echo>(seen), [](const auto& call) { call(); });

  Reply into(Answers& answers) {
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

}  // namespace chat::gateway::engineio::testing
