// The listener and the HTTP phase at the wire.
#include "gateway/http/server.hpp"

#include <optional>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/unit/gateway/ws/server_fixture.hpp"

namespace chat::gateway::http {
namespace {

using namespace std::chrono_literals;
using chat::test::RawWsClient;
using chat::test::sample_key;
using chat::test::upgrade_request;

class HttpTest : public ws::test::ServerTest {
 protected:
  /// The status of the answer to one request on a connection of its own.
  std::string answer_to(std::string_view request, bool is_head = false) {
    RawWsClient client(port_);
    client.send(request);
    return client.read_response(is_head);
  }

  static std::string status_of(const std::string& response) { return response.substr(9, 3); }
};

/// Lowers the process's limit of open files for as long as it lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lowered{limit, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_{};
};

/// The number that the next file of this process gets.
rlim_t next_descriptor() {
  const int descriptor = ::dup(0);
  ::close(descriptor);
  return static_cast<rlim_t>(descriptor);
}

bool has(const std::string& response, std::string_view part) {
  return response.find(part) != std::string::npos;
}

TEST_F(HttpTest, AnswersAnUnknownPathWith404) {
  EXPECT_EQ(status_of(answer_to("GET /other HTTP/1.1\r\nHost: x\r\n\r\n")), "404");
  EXPECT_EQ(status_of(answer_to(upgrade_request("/other"))), "404");
  EXPECT_EQ(status_of(answer_to("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")), "404");
}

TEST_F(HttpTest, AsksForAnUpgradeAtAKnownPath) {
  const std::string response = answer_to("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(response), "426");
  EXPECT_TRUE(has(response, "\r\nUpgrade: websocket\r\n"));
  EXPECT_TRUE(has(response, "\r\nConnection: keep-alive, Upgrade\r\n"));
  EXPECT_EQ(stage_.events.opened, 0);
}

TEST_F(HttpTest, AnswersAHeadWithoutABody) {
  RawWsClient client(port_);
  client.send(
      "HEAD /ws HTTP/1.1\r\nHost: x\r\n\r\nHEAD /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response(true)), "426");
  EXPECT_EQ(status_of(client.read_response(true)), "404");
  EXPECT_TRUE(client.is_at_end());
}

TEST_F(HttpTest, AnswersOtherMethodsWith405AndAllow) {
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "BREW"}) {
    const std::string response = answer_to(method + " /ws HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(status_of(response), "405") << method;
    EXPECT_TRUE(has(response, "\r\nAllow: GET, HEAD\r\n"));
  }
}

TEST_F(HttpTest, AsksForWebSocket13) {
  const std::string response = answer_to(
      "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: "
      "8\r\n"
      "Sec-WebSocket-Key: " +
      std::string(sample_key) + "\r\n\r\n");
  EXPECT_EQ(status_of(response), "426");
  EXPECT_TRUE(has(response, "\r\nSec-WebSocket-Version: 13\r\n"));
}

TEST_F(HttpTest, AnswersBadRequestsWith400) {
  EXPECT_EQ(status_of(answer_to("GET /ws HTTP/1.1\r\n\r\n")), "400") << "no Host";
  EXPECT_EQ(status_of(answer_to("this is not HTTP\r\n\r\n")), "400");
  EXPECT_EQ(status_of(answer_to("GET /ws HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n")), "400");
  EXPECT_EQ(status_of(answer_to(std::string("\x16\x03\x01\x00\xA5\x01\x00\x00\xA1\x03\x03", 11))), "400")
      << "TLS";
  EXPECT_EQ(status_of(answer_to("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\n\r\n")),
            "400")
      << "no key";
}

TEST_F(HttpTest, AnswersAHeaderOver8KiBWith431) {
  const std::string start = "GET /ws HTTP/1.1\r\nHost: x\r\nX: ";
  EXPECT_EQ(status_of(answer_to(start + std::string(9000, 'x') + "\r\n\r\n")), "431");
  EXPECT_EQ(status_of(answer_to(start + std::string(9000, 'x'))), "431") << "before it is complete";
  EXPECT_EQ(status_of(answer_to("GET /" + std::string(100'000, 'x'))), "431");
  EXPECT_EQ(status_of(answer_to(start + std::string(7000, 'x') + "\r\n\r\n")), "426");
}

TEST_F(HttpTest, RefusesABodyAndCloses) {
  RawWsClient client(port_);
  client.send("GET /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(status_of(client.read_response()), "413");
  EXPECT_TRUE(client.is_at_end());
  EXPECT_FALSE(client.was_reset());
  EXPECT_EQ(
      status_of(answer_to("GET /ws HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
      "413");
}

TEST_F(HttpTest, AnswersPipelinedRequestsInOrderThenUpgrades) {
  RawWsClient client(port_);
  client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /ws HTTP/1.1\r\nHost: x\r\n\r\n" +
              upgrade_request("/ws"));
  EXPECT_EQ(status_of(client.read_response()), "404");
  EXPECT_EQ(status_of(client.read_response()), "426");
  EXPECT_EQ(status_of(client.read_response()), "101");
  client.send(chat::test::client_text("hello"));
  EXPECT_EQ(client.read_frame()->payload, "hello");
}

TEST_F(HttpTest, ClosesAfterAnAnswerInHttp10) {
  RawWsClient client(port_);
  client.send("GET /other HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(has(client.read_response(), "\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.is_at_end());
}

TEST_F(HttpTest, CutsAHeaderThatComesTooSlowly) {
  RawWsClient slow(port_);
  slow.send("GET /ws HTTP/1.1\r\nHo");
  RawWsClient silent(port_);
  RawWsClient idle(port_);
  idle.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.read_response();
  connect().send("");  // accepted after them: all are under the clock
  sweep_at(9s);
  slow.send("st: x\r\n");
  sweep_at(11s);
  EXPECT_TRUE(slow.is_at_end());
  EXPECT_TRUE(silent.is_at_end());
  idle.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(idle.read_response()), "404") << "between requests there is more time";
  sweep_at(100s);
  EXPECT_TRUE(idle.is_at_end());
}

TEST_F(HttpTest, RefusesUpgradesAndDropsWhoHasNotUpgraded) {
  RawWsClient upgraded = connect();
  RawWsClient waiting(port_);
  waiting.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
  waiting.read_response();
  loop_.run([&] { server_->refuse_upgrades(); });
  EXPECT_TRUE(waiting.is_at_end());
  EXPECT_EQ(status_of(answer_to(upgrade_request("/ws"))), "503");
  upgraded.send(chat::test::client_text("still here"));
  EXPECT_EQ(upgraded.read_frame()->payload, "still here");
}

TEST_F(HttpTest, TellsWhenThePortIsTaken) {
  try {
    check_port_is_free("127.0.0.1", port_);
    FAIL() << "the port was given away twice";
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(has(error.what(), "127.0.0.1 port " + std::to_string(port_))) << error.what();
  }
  EXPECT_THROW(check_port_is_free("not an address", 0), std::runtime_error);
}

TEST_F(HttpTest, LetsSeveralWorkersShareThePort) {
  loop_.run([&] {
    Server second(loop_.context, loop_.flush_list, {}, [](const RequestHead&) { return Routing{}; }, {});
    EXPECT_NO_THROW(second.listen("127.0.0.1", port_));
  });
}

// The undefined-behaviour sanitizer itself opens pipes to check pointers, and reports faults when it cannot.
#ifndef __SANITIZE_ADDRESS__
// Without a free descriptor accept() fails while the listening socket stays readable: a loop that asks again
// at once takes a whole core, and one that gives up never accepts again.
TEST_F(HttpTest, ShedsConnectionsWhileOutOfDescriptorsAndRecovers) {
  RawWsClient before = connect();
  std::optional<RawWsClient> shed;
  {
    const rlim_t next = next_descriptor();
    const FileLimit one_more(next + 1);
    shed.emplace(port_);  // takes the last descriptor, none is left for the server's end
    EXPECT_TRUE(shed->is_at_end());
    before.send(chat::test::client_text("still served"));
    EXPECT_EQ(before.read_frame()->payload, "still served");
  }
  EXPECT_TRUE(stage_.wait([](const ws::test::Events& events) { return events.accept_errors > 0; }));
  EXPECT_LT(stage_.events.accept_errors, 50);
  RawWsClient after = connect();
  after.send(chat::test::client_text("accepted again"));
  EXPECT_EQ(after.read_frame()->payload, "accepted again");
}
#endif

TEST_F(HttpTest, Refuses503NearTheLimitOfDescriptors) {
  RawWsClient before = connect();
  std::vector<int> held;
  while (next_descriptor() < 200) held.push_back(::dup(0));
  {
    const FileLimit room_for_ten(210);
    EXPECT_EQ(status_of(answer_to(upgrade_request("/ws"))), "503");
    before.send(chat::test::client_text("still served"));
    EXPECT_EQ(before.read_frame()->payload, "still served");
  }
  EXPECT_EQ(status_of(answer_to(upgrade_request("/ws"))), "101");
  for (const int descriptor : held) ::close(descriptor);
}

class FailingFactoryTest : public HttpTest {
  std::unique_ptr<ws::Handler> make_handler(const RequestHead&) override {
    throw std::runtime_error("a bug");
  }
};

TEST_F(FailingFactoryTest, AnswersAnExceptionWith500) {
  EXPECT_EQ(status_of(answer_to(upgrade_request("/ws"))), "500");
}

class RequestFactsTest : public HttpTest {
 protected:
  std::unique_ptr<ws::Handler> make_handler(const RequestHead& request) override {
    stage_.tell([&](ws::test::Events& events) {
      for (const auto part : {request.target, request.origin, request.authorization, request.subprotocols}) {
        events.messages.emplace_back(part);
      }
    });
    return nullptr;
  }
};

TEST_F(RequestFactsTest, TellsTheFactoryWhatTheRequestSays) {
  answer_to(
      "GET /ws?a=b HTTP/1.1\r\nHost: x\r\nOrigin: http://o\r\nAuthorization: Bearer t\r\n"
      "Sec-WebSocket-Protocol: chat.v1, t\r\n\r\n");
  EXPECT_EQ(stage_.events.messages,
            (std::vector<std::string>{"/ws?a=b", "http://o", "Bearer t", "chat.v1, t"}));
}

}  // namespace
}  // namespace chat::gateway::http
