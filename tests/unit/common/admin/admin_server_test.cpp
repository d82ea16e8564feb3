#include "common/admin/admin_server.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/gauge.h>

namespace chat::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using testing::HasSubstr;

using Response = http::response<http::string_body>;

/// A client whose every step has a deadline.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  }

  void send(const std::string& bytes) {
    asio::async_write(socket_, asio::buffer(bytes), [this](auto error, std::size_t) { error_ = error; });
    finish_step();
  }

  /// Throws boost::system::system_error when the server ends the connection instead.
  Response receive(bool is_head = false) {
    http::response_parser<http::string_body> parser;
    parser.skip(is_head);
    http::async_read(socket_, buffer_, parser, [this](auto error, std::size_t) { error_ = error; });
    finish_step();
    if (error_) throw boost::system::system_error(error_);
    return parser.release();
  }

  Response get(const std::string& target, const std::string& method = "GET") {
    send(method + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return receive(method == "HEAD");
  }

  /// Whether the server ends the connection without another byte.
  bool is_ended() {
    std::array<char, 256> bytes{};
    socket_.async_read_some(asio::buffer(bytes), [this](auto error, std::size_t) { error_ = error; });
    finish_step();
    return error_ == asio::error::eof || error_ == asio::error::connection_reset;
  }

 private:
  void finish_step() {
    context_.restart();
    context_.run_for(std::chrono::seconds(20));
    if (context_.stopped()) return;
    socket_.close();
    context_.run();
    throw std::runtime_error("the server did nothing within 20 s");
  }

  asio::io_context context_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  boost::system::error_code error_;
};

class AdminServerTest : public testing::Test {
 protected:
  void set(Readiness readiness) {
    const std::lock_guard lock(mutex_);
    readiness_ = std::move(readiness);
  }

  Metrics metrics_;
  std::mutex mutex_;
  Readiness readiness_;
  AdminServer server_{"127.0.0.1",
                      0,
                      metrics_,
                      [this] {
                        const std::lock_guard lock(mutex_);
                        if (readiness_.status == "throws") throw std::logic_error("broken");
                        return readiness_;
                      },
                      {{"/admin/do", [](std::string_view query) {
                          return Answer{.body = "done " + std::string(query) + "\n"};
                        }}}};
  Client client_{server_.port()};
};

TEST_F(AdminServerTest, AnswersLivez) {
  const Response response = client_.get("/livez");
  EXPECT_EQ(response.result(), http::status::ok);
  EXPECT_EQ(response.body(), "ok\n");
}

TEST_F(AdminServerTest, AnswersReadyzWithTheStatusAndWhatIsDegraded) {
  Response response = client_.get("/readyz");
  EXPECT_EQ(response.result(), http::status::service_unavailable);
  EXPECT_EQ(response.body(), "{\"status\":\"starting\",\"degraded\":[],\"causes\":[]}\n");
  const std::chrono::system_clock::time_point since{std::chrono::seconds{1'700'000'000}};
  set({true,
       "degraded",
       {"redis", "kafka"},
       {{"redis", {"no_space", "a disk is full", "make room"}, since}}});
  response = client_.get("/readyz");
  EXPECT_EQ(response.result(), http::status::ok);
  EXPECT_EQ(response[http::field::content_type], "application/json");
  EXPECT_EQ(
      response.body(),
      "{\"status\":\"degraded\",\"degraded\":[\"redis\",\"kafka\"],\"causes\":[{\"dependency\":\"redis\","
      "\"cause\":\"no_space\",\"reason\":\"a disk is full\",\"remedy\":\"make room\","
      "\"since\":\"2023-11-14T22:13:20.000Z\"}]}\n");
  set({false, "draining", {}});
  EXPECT_EQ(client_.get("/readyz").result(), http::status::service_unavailable);
}

TEST_F(AdminServerTest, AnswersMetricsInTheTextFormat) {
  metrics_.gauge("chat_sessions", "Sessions.").Set(7);
  const Response response = client_.get("/metrics?x=1");
  EXPECT_EQ(response.result(), http::status::ok);
  EXPECT_THAT(std::string(response[http::field::content_type]), HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(response.body(), HasSubstr("\nchat_sessions 7\n"));
  EXPECT_THAT(response.body(), HasSubstr("process_resident_memory_bytes"));
}

TEST_F(AdminServerTest, AnswersHeadWithTheHeaderOfGetAlone) {
  const Response head = client_.get("/livez", "HEAD");
  EXPECT_EQ(head.result(), http::status::ok);
  EXPECT_EQ(head[http::field::content_length], "3");
  // A body after it would be read as the next answer.
  EXPECT_EQ(client_.get("/livez").body(), "ok\n");
}

TEST_F(AdminServerTest, AnswersPipelinedRequestsInOrder) {
  client_.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client_.receive().result(), http::status::ok);
  EXPECT_EQ(client_.receive().result(), http::status::not_found);
}

TEST_F(AdminServerTest, RefusesOtherPathsAndMethods) {
  EXPECT_EQ(client_.get("/").result(), http::status::not_found);
  EXPECT_EQ(client_.get("/livez/x").result(), http::status::not_found);
  const Response response = client_.get("/livez", "DELETE");
  EXPECT_EQ(response.result(), http::status::method_not_allowed);
  EXPECT_EQ(response[http::field::allow], "GET, HEAD");
  EXPECT_EQ(client_.get("/livez").result(), http::status::ok);
}

TEST_F(AdminServerTest, RefusesBodiesAndClosesThen) {
  client_.send("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  const Response response = client_.receive();
  EXPECT_EQ(response.result(), http::status::method_not_allowed);
  EXPECT_FALSE(response.keep_alive());
  EXPECT_TRUE(client_.is_ended());
  for (const std::string encoding : {"chunked", "gzip", "chunked, gzip"}) {
    Client other(server_.port());
    other.send("GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + encoding +
               "\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(other.receive().result(), http::status::bad_request) << encoding;
    EXPECT_TRUE(other.is_ended()) << encoding;
  }
}

TEST_F(AdminServerTest, RunsACommandWithItsQueryForPostAlone) {
  EXPECT_EQ(client_.get("/admin/do?a=1&b=2", "POST").body(), "done a=1&b=2\n");
  EXPECT_EQ(client_.get("/admin/do", "POST").body(), "done \n");
  for (const char* method : {"GET", "HEAD", "PUT"}) {
    const Response response = client_.get("/admin/do", method);
    EXPECT_EQ(response.result(), http::status::method_not_allowed) << method;
    EXPECT_EQ(response[http::field::allow], "POST");
  }
  EXPECT_EQ(client_.get("/admin/other", "POST").result(), http::status::not_found);
  client_.send("POST /admin/do HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client_.receive().result(), http::status::ok);
}

TEST_F(AdminServerTest, TakesNoCommandWithABodyOrFromAPage) {
  client_.send("POST /admin/do HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n");
  EXPECT_EQ(client_.receive().result(), http::status::forbidden);
  client_.send("POST /admin/do HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client_.receive().result(), http::status::bad_request);
  EXPECT_TRUE(client_.is_ended());
}

TEST_F(AdminServerTest, RefusesBrokenRequestsAndCloses) {
  for (const char* bytes : {"nonsense\r\n\r\n", "GET /livez HTTP/9.9\r\n\r\n", "GET  /livez HTTP/1.1\r\n\r\n",
                            "GET /livez HTTP/1.1\r\nContent-Length: x\r\n\r\n"}) {
    Client client(server_.port());
    client.send(bytes);
    EXPECT_EQ(client.receive().result(), http::status::bad_request) << bytes;
    EXPECT_TRUE(client.is_ended());
  }
}

TEST_F(AdminServerTest, IgnoresAFewEmptyLinesInFrontOfARequest) {
  for (int i = 0; i < 2; ++i) {
    client_.send("\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n\r");
    EXPECT_EQ(client_.receive().result(), http::status::ok);
    client_.send("\n");
  }
  for (int i = 0; i < 9; ++i) client_.send("\r\n");
  EXPECT_EQ(client_.receive().result(), http::status::bad_request);
  EXPECT_TRUE(client_.is_ended());
}

TEST_F(AdminServerTest, ReadsEveryLineOfConnection) {
  client_.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nConnection: Close\r\n\r\n");
  EXPECT_EQ(client_.receive().result(), http::status::ok);
  EXPECT_TRUE(client_.is_ended());
}

TEST_F(AdminServerTest, RefusesHeadersOver8KiB) {
  client_.send("GET /livez HTTP/1.1\r\nX: " + std::string(7 * 1024, 'x') + "\r\n\r\n");
  EXPECT_EQ(client_.receive().result(), http::status::ok);
  for (const std::size_t size : {9UL * 1024, 100UL * 1024}) {
    Client client(server_.port());
    client.send("GET /livez HTTP/1.1\r\nX: " + std::string(size, 'x') + "\r\n\r\n");
    EXPECT_EQ(client.receive().result(), http::status::request_header_fields_too_large) << size;
  }
}

TEST_F(AdminServerTest, ClosesWhenTheClientAsksForIt) {
  client_.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client_.receive().result(), http::status::ok);
  EXPECT_TRUE(client_.is_ended());
  Client old(server_.port());
  old.send("GET /livez HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.receive().result(), http::status::ok);
  EXPECT_TRUE(old.is_ended());
}

TEST_F(AdminServerTest, CutsSlowRequests) {
  client_.send("GET /livez HT");
  EXPECT_TRUE(client_.is_ended());
}

TEST_F(AdminServerTest, StaysUpWhenReadinessThrows) {
  set({true, "throws", {}});
  EXPECT_EQ(client_.get("/readyz").result(), http::status::internal_server_error);
  EXPECT_EQ(client_.get("/livez").result(), http::status::ok);
}

TEST_F(AdminServerTest, BoundsItsConnections) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 63; ++i) {
    clients.push_back(std::make_unique<Client>(server_.port()));
    ASSERT_EQ(clients.back()->get("/livez").result(), http::status::ok);
  }
  client_.get("/livez");
  Client refused(server_.port());
  EXPECT_THROW(refused.get("/livez"), boost::system::system_error);
}

TEST_F(AdminServerTest, ForgetsConnectionsThatEnded) {
  for (int i = 0; i < 200; ++i) {
    Client client(server_.port());
    client.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    ASSERT_EQ(client.receive().result(), http::status::ok) << i;
    ASSERT_TRUE(client.is_ended());
  }
}

TEST_F(AdminServerTest, StopsWithConnectionsOpen) {
  auto server = std::make_unique<AdminServer>("127.0.0.1", 0, metrics_, [] { return Readiness{}; });
  Client idle(server->port());
  Client half(server->port());
  half.send("GET ");
  EXPECT_EQ(idle.get("/livez").result(), http::status::ok);
  server.reset();
  EXPECT_TRUE(idle.is_ended());
}

TEST_F(AdminServerTest, SaysWhyItCannotListen) {
  const auto message = [&](const std::string& address, std::uint16_t port) -> std::string {
    try {
      const AdminServer second(address, port, metrics_, [] { return Readiness{}; });
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(message("127.0.0.1", server_.port()),
              HasSubstr("127.0.0.1 port " + std::to_string(server_.port()) +
                        " for the admin server (Address already"));
  EXPECT_THAT(message("nowhere", 0), HasSubstr("cannot listen on nowhere"));
}

}  // namespace
}  // namespace chat::admin
