// Requests that an endpoint answers itself: bodies, held answers, and connections that move to another
// worker.
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/http/server.hpp"
#include "tests/unit/gateway/ws/server_fixture.hpp"

namespace chat::gateway::http {
namespace {

using namespace std::chrono_literals;
using chat::test::RawWsClient;

/// What the exchanges of a test saw. `held` belongs to the loop's thread.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> bodies;
  int gone = 0;
  std::vector<Exchange::Respond> held;
};

/// Answers with the body, or holds the answer back where the body is "hold".
class Echo final : public Exchange {
 public:
  explicit Echo(Seen& seen) : seen_(seen) {}
  std::size_t max_body_bytes() const override { return 100'000; }
  void on_request(std::string body, Respond respond) override {
    if (body == "hold")
      seen_.held.push_back(std::move(respond));
    else
      respond({200, "X-Echo: 1\r\n", body});
    tell([&] { seen_.bodies.push_back(body); });
  }
  void on_gone() override {
    tell([&] { ++seen_.gone; });
  }

 private:
  template <class Change>
  void tell(Change change) {
    const std::lock_guard lock(seen_.mutex);
    change();
    seen_.changed.notify_all();
  }
  Seen& seen_;
};

class ExchangeTest : public ws::test::ServerTest {
 protected:
  Routing route(const RequestHead& request) override {
    if (request.target != "/echo") return ServerTest::route(request);
    Routing routing;
    routing.exchange = std::make_unique<Echo>(seen_);
    return routing;
  }

  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(seen_.mutex);
    return seen_.changed.wait_for(lock, 10s, condition);
  }
  bool has_come(std::size_t requests) {
    return wait([&] { return seen_.bodies.size() == requests; });
  }
  bool are_gone(int clients) {
    return wait([&] { return seen_.gone == clients; });
  }
  void answer_held(std::string body) {
    loop_.run([&] { std::exchange(seen_.held, {}).at(0)({200, {}, std::move(body)}); });
  }

  static std::string post(std::string_view body, std::string_view headers = {}) {
    return "POST /echo HTTP/1.1\r\nHost: x\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  static std::string body_of(const std::string& response) {
    return response.substr(response.find("\r\n\r\n") + 4);
  }
  static std::string status_of(const std::string& response) { return response.substr(9, 3); }

  Seen seen_;
};

TEST_F(ExchangeTest, AnswersWithWhatTheEndpointSaysAndKeepsTheConnection) {
  RawWsClient client(port_);
  for (const std::size_t size : {1UL, 10'000UL, 100'000UL}) {
    client.send(post(std::string(size, 'x')));
    const std::string response = client.read_response();
    EXPECT_EQ(status_of(response), "200");
    EXPECT_NE(response.find("\r\nX-Echo: 1\r\n"), std::string::npos);
    EXPECT_EQ(body_of(response), std::string(size, 'x'));
  }
}

TEST_F(ExchangeTest, TakesABodyInPiecesAndInChunks) {
  RawWsClient client(port_);
  for (const char byte : post("in pieces")) client.send({&byte, 1});
  EXPECT_EQ(body_of(client.read_response()), "in pieces");
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\n");
  client.send("6\r\nchunks\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(client.read_response()), "in chunks");
}

TEST_F(ExchangeTest, TellsWhoAsksForItToGoOn) {
  RawWsClient client(port_);
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(status_of(client.read_header()), "100");
  client.send("body");
  EXPECT_EQ(body_of(client.read_response()), "body");
}

TEST_F(ExchangeTest, I6RefusesABodyOverTheLimit) {
  for (const std::string& request :
       {post(std::string(100'001, 'x')),
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n186A1\r\n" +
            std::string(100'001, 'x') + "\r\n0\r\n\r\n"}) {
    RawWsClient client(port_);
    client.send(request);
    EXPECT_EQ(status_of(client.read_response()), "413");
    EXPECT_TRUE(client.is_at_end());
    EXPECT_FALSE(client.was_reset());
  }
  EXPECT_TRUE(are_gone(2));
  EXPECT_TRUE(seen_.bodies.empty());
}

TEST_F(ExchangeTest, HoldsAnAnswerUntilThereIsOneAndPipelinedRequestsBehindIt) {
  RawWsClient client(port_);
  client.send(post("hold") + post("behind it"));
  ASSERT_TRUE(has_come(1));
  sweep_at(60s);
  answer_held("at last");
  EXPECT_EQ(body_of(client.read_response()), "at last");
  EXPECT_EQ(body_of(client.read_response()), "behind it");
  client.send(post("and on"));
  EXPECT_EQ(body_of(client.read_response()), "and on");
}

TEST_F(ExchangeTest, TellsTheEndpointThatTheClientLeft) {
  {
    RawWsClient client(port_);
    client.send(post("hold"));
    ASSERT_TRUE(has_come(1));
  }
  EXPECT_TRUE(are_gone(1));
  answer_held("nobody hears it");
}

TEST_F(ExchangeTest, CutsABodyThatComesTooSlowly) {
  RawWsClient client(port_);
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo");
  connect().send("");  // accepted after it
  sweep_at(11s);
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(are_gone(1));
}

TEST_F(ExchangeTest, ServesWhoPollsWhenItRefusesUpgrades) {
  RawWsClient client(port_);
  client.send(post("hold"));
  ASSERT_TRUE(has_come(1));
  loop_.run([&] { server_->refuse_upgrades(); });
  answer_held("the last words");
  EXPECT_EQ(body_of(client.read_response()), "the last words");
  client.send(post("one more"));
  EXPECT_EQ(body_of(client.read_response()), "one more");
  client.send(chat::test::upgrade_request("/ws"));
  EXPECT_EQ(status_of(client.read_response()), "503");
}

TEST_F(ExchangeTest, GoesWithAHeldAnswer) {
  RawWsClient client(port_);
  client.send(post("hold"));
  ASSERT_TRUE(has_come(1));
  stop();
  EXPECT_TRUE(client.is_at_end());
}

/// Two workers: "/second" is the second's.
class TransferTest : public ExchangeTest {
 protected:
  void SetUp() override {
    ExchangeTest::SetUp();
    second_loop_.run([&] {
      second_ = std::make_unique<Server>(
          second_loop_.context, second_loop_.flush_list, ws::ConnectionLimits{},
          [this](const RequestHead& request) {
            Routing routing;
            if (request.target == "/first")
              routing.worker = 0;
            else if (request.wants_upgrade)
              routing.handler = std::make_unique<ws::test::StageHandler>(stage_);
            else
              routing.exchange = std::make_unique<Echo>(seen_);
            return routing;
          },
          ServerEvents{{}, {}, [this](std::size_t, const std::shared_ptr<TransferredConnection>& moving) {
                         boost::asio::post(loop_.context, [this, moving] { server_->adopt(moving); });
                       }});
    });
  }
  void TearDown() override {
    second_loop_.run([&] { second_.reset(); });
    ExchangeTest::TearDown();
  }
  Routing route(const RequestHead& request) override {
    Routing routing;
    if (request.target == "/second")
      routing.worker = 1;
    else
      routing.answer = sentence(200, "the first");
    return routing;
  }
  void on_transfer(std::size_t worker, const std::shared_ptr<TransferredConnection>& moving) override {
    if (worker == 1) boost::asio::post(second_loop_.context, [this, moving] { second_->adopt(moving); });
  }

  chat::test::WorkerLoop second_loop_;
  std::unique_ptr<Server> second_;
};

TEST_F(TransferTest, AConnectionGoesToTheWorkerOfEachRequestWithAllThatWasSent) {
  RawWsClient client(port_);
  const std::string large(50'000, 'x');
  const auto to_second = [](std::string_view body) {
    return "POST /second HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  };
  const std::string to_first = "GET /first HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(to_second("one") + to_first + to_second(large) + to_first + to_second("last"));
  EXPECT_EQ(body_of(client.read_response()), "one");
  EXPECT_EQ(body_of(client.read_response()), "the first\n");
  EXPECT_EQ(body_of(client.read_response()), large);
  EXPECT_EQ(body_of(client.read_response()), "the first\n");
  EXPECT_EQ(body_of(client.read_response()), "last");
}

TEST_F(TransferTest, AnUpgradeHappensWhereItsRequestBelongs) {
  RawWsClient client(port_);
  client.send(chat::test::upgrade_request("/second") + chat::test::client_text("early"));
  EXPECT_EQ(status_of(client.read_header()), "101");
  EXPECT_EQ(client.read_frame()->payload, "early");
  EXPECT_EQ(second_loop_.run([&] { return second_->connections(); }), 1U);
  second_loop_.run([&] { second_.reset(); });
  EXPECT_TRUE(closed(1));
}

class LostTransferTest : public TransferTest {
  void on_transfer(std::size_t, const std::shared_ptr<TransferredConnection>&) override {}
};

TEST_F(LostTransferTest, AConnectionThatNobodyAdoptsIsClosed) {
  RawWsClient client(port_);
  client.send("GET /second HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.is_at_end());
}

}  // namespace
}  // namespace chat::gateway::http
