// WebSockets under TLS: the same frames, the same bounds, and no disconnect when the certificate is replaced.
#include <algorithm>
#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>

#include "common/metrics/metrics.hpp"
#include "gateway/connection/close_codes.hpp"
#include "gateway/tls/server_identity.hpp"
#include "tests/support/test_certificates.hpp"
#include "tests/support/tls_client.hpp"
#include "tests/unit/gateway/ws/server_fixture.hpp"

namespace chat::gateway::ws::test {
namespace {

using chat::test::TestCertificates;
using chat::test::TlsClient;

// Small, but not below what the kernel sends at once: it would wait 200 ms for each piece.
constexpr int small_receive_buffer = 128 * 1024;

/// A client under TLS; shakes hands with its first bytes.
class TlsWsClient final : public RawWsClient {
 public:
  explicit TlsWsClient(std::uint16_t port, int receive_buffer = 0)
      : RawWsClient(port, receive_buffer), tls_(descriptor()) {}

  std::string certificate() const { return tls_.peer(); }

  /// Whether the server's last word was close_notify.
  bool got_close_notify() const {
    return SSL_get_error(tls_.get(), 0) == SSL_ERROR_ZERO_RETURN && was_notified();
  }

 private:
  ssize_t put(std::string_view bytes) override {
    return SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  ssize_t get(char* to, std::size_t size) override {
    return SSL_read(tls_.get(), to, static_cast<int>(size));
  }
  bool was_notified() const { return (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  TlsClient tls_;
};

class TlsTest : public ServerTest {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // as the gateway does
    files_ = certificates_.make("first");
    changing_ = std::make_shared<tls::ServerIdentity>(files_.chain, files_.key, metrics_);
    identity_ = changing_;
    start({});
  }

  void replace_certificate(const std::string& name) {
    const auto files = certificates_.make(name);
    std::filesystem::copy_file(files.chain, files_.chain, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(files.key, files_.key, std::filesystem::copy_options::overwrite_existing);
    changing_->reload();
  }

  std::unique_ptr<TlsWsClient> open(int receive_buffer = 0) {
    auto client = std::make_unique<TlsWsClient>(port_, receive_buffer);
    EXPECT_EQ(client->upgrade().substr(0, 12), "HTTP/1.1 101");
    return client;
  }

  bool counts(std::string_view reason) {
    const std::string line = "chat_tls_handshake_failures_total{reason=\"" + std::string(reason) + "\"} 1\n";
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (metrics_.text().find(line) == std::string::npos)
      if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
  }

  TestCertificates certificates_;
  TestCertificates::Files files_;
  Metrics metrics_;
  std::shared_ptr<tls::ServerIdentity> changing_;
};

TEST_F(TlsTest, EchoesMessagesOfAllSizes) {
  const auto client = open();
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 16'383UL, 16'384UL, 16'385UL, 65'536UL}) {
    const std::string text(size, 'x');
    client->send(client_text(text));
    EXPECT_EQ(client->read_frame()->payload, text);
  }
  client->send(client_close(close_code::done));
  EXPECT_TRUE(client->read_frame()->is_close());
  EXPECT_TRUE(client->is_at_end());
  EXPECT_TRUE(client->got_close_notify());
  client->close();
  EXPECT_TRUE(connections_become(0));
}

TEST_F(TlsTest, FramesOfAllSizesComeByteForByteThroughAFullBuffer) {
  const auto slow = open(small_receive_buffer);
  ASSERT_TRUE(opened(1));
  constexpr std::size_t batches = 400;
  constexpr std::size_t per_batch = 50;
  const auto payload_of = [](std::size_t i) {
    return std::to_string(i) + std::string(i % 7 == 0 ? i % 3000 : i % 60, static_cast<char>('a' + i % 26));
  };
  std::size_t sent = 0;
  std::size_t read = 0;
  for (std::size_t batch = 0; batch < batches; ++batch) {
    loop_.run([&] {
      for (std::size_t i = 0; i < per_batch; ++i) broadcast(make_frame(Opcode::text, payload_of(sent++)));
    });
    // The client stays about half a mebibyte behind.
    while (loop_.run([&] { return stage_.members.front()->outbox_bytes(); }) > 500'000)
      ASSERT_EQ(slow->read_frame()->payload, payload_of(read++));
  }
  for (; read < sent; ++read) ASSERT_EQ(slow->read_frame()->payload, payload_of(read));
  EXPECT_EQ(stage_.events.slow, 0);
}

TEST_F(TlsTest, I6_ASlowReaderGetsWholeFramesThenClose4000) {
  const auto slow = open(small_receive_buffer);
  const auto quick = open();
  ASSERT_TRUE(opened(2));
  const FrameRef frame = make_frame(Opcode::text, std::string(5'000, 'x'));
  std::size_t most = 0;
  for (bool cut = false; !cut;) {
    loop_.run([&] { broadcast(frame); });
    ASSERT_EQ(quick->read_frame()->payload.size(), 5'000U);
    loop_.run([&] {
      for (const Connection* member : stage_.members) most = std::max(most, member->outbox_bytes());
    });
    const std::lock_guard lock(stage_.mutex);
    cut = stage_.events.slow > 0;
  }
  EXPECT_LE(most, ConnectionLimits{}.max_outbox_bytes + 200);
  EXPECT_LE(frame->use_count(), 6U) << "only the frames of one record are kept";
  std::optional<RawFrame> last;
  while ((last = slow->read_frame()) && !last->is_close()) ASSERT_EQ(last->payload, std::string(5'000, 'x'));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->close_code(), close_code::slow_consumer);
  slow->send(client_close(close_code::slow_consumer));
  EXPECT_TRUE(slow->is_at_end());
}

TEST_F(TlsTest, I6_AReaderThatStopsForGoodIsCutAtTheWriteDeadline) {
  const auto client = open(small_receive_buffer);
  ASSERT_TRUE(opened(1));
  loop_.run([&] {
    while (stage_.members.front()->outbox_bytes() < 500'000) {
      stage_.members.front()->deliver(make_frame(Opcode::text, std::string(50'000, 'x')));
      loop_.flush_list.flush_all();
    }
  });
  for (int i = 1; i <= 19; ++i) {
    sweep_at(i * 1s);
    client->send(client_frame(final_bit | 10, ""));
  }
  EXPECT_EQ(loop_.run([&] { return server_->connections(); }), 1U);
  sweep_at(21s);
  EXPECT_TRUE(connections_become(0));
}

TEST_F(TlsTest, ANewCertificateIsForNewConnectionsAndEndsNone) {
  const auto old = open();
  replace_certificate("second");
  const auto fresh = open();
  EXPECT_EQ(old->certificate(), "first");
  EXPECT_EQ(fresh->certificate(), "second");
  for (TlsWsClient* client : {old.get(), fresh.get()}) {
    client->send(client_text("still here"));
    EXPECT_EQ(client->read_frame()->payload, "still here");
  }
}

TEST_F(TlsTest, APlainHttpClientIsToldToUseTls) {
  RawWsClient plain(port_);
  plain.send(chat::test::upgrade_request("/ws"));
  const std::string answer = plain.read_response();
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 400");
  EXPECT_NE(answer.find("wss://"), std::string::npos);
  EXPECT_TRUE(plain.is_at_end());
  EXPECT_TRUE(counts("plain_http"));
}

TEST_F(TlsTest, AClientThatStallsInTheHandshakeIsCutAtTheDeadline) {
  RawWsClient stalled(port_);
  stalled.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));  // the begin of a ClientHello
  open();                                                         // accepted behind it
  sweep_at(9s);
  EXPECT_FALSE(metrics_.text().find("reason=\"timeout\"} 1") != std::string::npos);
  sweep_at(11s);
  EXPECT_TRUE(stalled.is_at_end());
  EXPECT_TRUE(counts("timeout"));
}

TEST_F(TlsTest, AHandshakeInFrontOfASlowRequestGetsNoMoreTime) {
  TlsWsClient client(port_);
  client.send("GET /ws HTTP/1.1\r\n");
  sweep_at(11s);
  EXPECT_TRUE(client.is_at_end());
}

TEST_F(TlsTest, AClientThatSendsNoTlsIsCountedAndCut) {
  RawWsClient other(port_);
  other.send(std::string(100, '\0'));
  EXPECT_TRUE(counts("protocol"));
  other.shutdown_write();
}

}  // namespace
}  // namespace chat::gateway::ws::test
