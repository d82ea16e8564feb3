// TLS to a real Redis with certificates of the test's own; skipped in a build without it (hiredis
// before 1.1).
#include "common/redis/tls_session.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/redis_url.hpp"
#include "common/metrics/metrics.hpp"
#include "common/redis/command_connection.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/redis_server.hpp"

namespace chat::test {
namespace {

using redis::CommandConnection;
using redis::Reply;
using testing::HasSubstr;

namespace fs = std::filesystem;

void run(const std::string& command) {
  if (std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()) != 0)
    throw std::runtime_error("failed: " + command);
}

/// An authority (ca.pem) and a certificate for the name localhost (server.pem, server.key), in a folder of
/// its own.
class Certificates {
 public:
  Certificates() {
    std::string name = (fs::temp_directory_path() / "chat-tls-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    const std::string at = "cd " + name + " && ";
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 ";
    run(at + make + "-subj /CN=authority -keyout ca.key -out ca.pem");
    run(at + make +
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE "
        "-CA ca.pem -CAkey ca.key -keyout server.key -out server.pem");
  }
  ~Certificates() { fs::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string file(const std::string& name) const { return (folder_ / name).string(); }

 private:
  fs::path folder_;
};

int free_port() {
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  return acceptor.local_endpoint().port();
}

class RedisTlsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!config::has_redis_tls) GTEST_SKIP() << "this build has no TLS for Redis";
    certificates.emplace();
    tls_port = free_port();
    server.emplace(std::vector<std::string>{"--tls-port", std::to_string(tls_port), "--tls-cert-file",
                                            certificates->file("server.pem"), "--tls-key-file",
                                            certificates->file("server.key"), "--tls-ca-cert-file",
                                            certificates->file("ca.pem"), "--tls-auth-clients", "no"});
  }

  config::RedisSettings settings() const {
    auto settings = server->settings();
    settings.host = "localhost";
    settings.port = tls_port;
    settings.tls = true;
    settings.ca_file = certificates->file("ca.pem");
    return settings;
  }

  CommandConnection& connect(config::RedisSettings settings) {
    CommandConnection::Events events;
    events.on_trouble = [this](const Trouble& told) { trouble = told; };
    connection.emplace(context, std::move(settings), std::vector<std::string_view>{}, "test", metrics,
                       redis::Timing{}, std::move(events));
    connection->start();
    return *connection;
  }

  /// Resolves with the reply's text.
  std::string ask(std::initializer_list<std::string_view> words) {
    std::optional<std::string> answer;
    connection->send(words, [&](const Reply& reply) { answer = reply.text(); });
    EXPECT_TRUE(pump_until(context, [&] { return answer.has_value(); }));
    return answer.value_or("");
  }

  void expect_trouble(const std::string& cause, const std::string& part) {
    ASSERT_TRUE(pump_until(context, [&] { return trouble.has_value() || connection->is_ready(); }));
    ASSERT_TRUE(trouble) << "connected";
    EXPECT_EQ(trouble->cause, cause) << trouble->sentence();
    EXPECT_THAT(trouble->reason, HasSubstr(part));
  }

  std::optional<Certificates> certificates;
  int tls_port = 0;
  std::optional<RedisServer> server;
  boost::asio::io_context context;
  Metrics all_metrics;
  redis::ConnectionMetrics metrics{all_metrics, "test"};
  std::optional<CommandConnection> connection;
  std::optional<Trouble> trouble;
};

TEST_F(RedisTlsTest, CommandsAndAnswersOfManyRecordsPass) {
  connect(settings());
  ASSERT_TRUE(pump_until(context, [&] { return connection->is_ready(); })) << connection->last_error();
  const std::string large(3'000'001, 'x');
  EXPECT_EQ(ask({"SET", "large", large}), "OK");
  EXPECT_EQ(ask({"GET", "large"}), large);
  for (int i = 0; i < 500; ++i) connection->send({"INCR", "counter"}, [](const Reply&) {});
  EXPECT_EQ(ask({"GET", "counter"}), "500");
}

TEST_F(RedisTlsTest, AnotherCaIsRefused) {
  const Certificates others;
  auto wrong = settings();
  wrong.ca_file = others.file("ca.pem");
  connect(wrong);
  expect_trouble("tls", "its certificate is of a CA that is not trusted");
}

TEST_F(RedisTlsTest, TheSystemsCasAreTrustedWithoutAFile) {
  auto wrong = settings();
  wrong.ca_file.clear();
  connect(wrong);
  expect_trouble("tls", "its certificate is of a CA that is not trusted");
}

TEST_F(RedisTlsTest, AnotherNameIsRefused) {
  auto wrong = settings();
  wrong.host = "127.0.0.1";
  connect(wrong);
  expect_trouble("tls", "its certificate is for another name");
}

TEST_F(RedisTlsTest, APortThatSpeaksNoTlsGivesNoAnswer) {
  auto wrong = settings();
  wrong.port = server->settings().port;
  connect(wrong);
  expect_trouble("unreachable", "no answer over TLS");
}

TEST_F(RedisTlsTest, AWrongPasswordIsALoginAndNotTls) {
  auto wrong = settings();
  wrong.password = "wrong";
  connect(wrong);
  expect_trouble("login", "password");
}

TEST_F(RedisTlsTest, AServerThatComesBackIsFoundAgain) {
  connect(settings());
  ASSERT_TRUE(pump_until(context, [&] { return connection->is_ready(); })) << connection->last_error();
  server->kill();
  ASSERT_TRUE(pump_until(context, [&] { return !connection->is_ready(); }));
  server->start();
  ASSERT_TRUE(pump_until(context, [&] { return connection->is_ready(); })) << connection->last_error();
  EXPECT_EQ(ask({"PING"}), "PONG");
}

}  // namespace
}  // namespace chat::test
