// The channel against OpenSSL's own client, over a pair of connected sockets.
#include "gateway/tls/channel.hpp"

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/test_certificates.hpp"
#include "tests/support/tls_client.hpp"

namespace chat::gateway::tls {
namespace {

using chat::test::TestCertificates;
using chat::test::TlsClient;

/// Text in which a byte that is lost, doubled or moved shows.
std::string counted(std::size_t size) {
  std::string text;
  for (std::uint32_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

class ChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // as the gateway does
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0);
    const auto files = certificates_.make("chat");
    channel_ = std::make_unique<Channel>(**Certificate::load(files.chain, files.key), ends_[0]);
  }

  void TearDown() override {
    client_.reset();
    channel_.reset();
    for (const int end : ends_)
      if (end >= 0) ::close(end);
  }

  /// The outcome of the handshake, each side in turn.
  Outcome shake_hands(const TlsClient::Options& options = {}) {
    client_.emplace(ends_[1], options);
    for (int turn = 0; turn < 20; ++turn) {
      SSL_do_handshake(client_->get());
      const Outcome outcome = channel_->shake_hands().outcome;
      if (outcome != Outcome::wants_read && outcome != Outcome::wants_write) return outcome;
    }
    return Outcome::wants_read;
  }

  /// All that the client has now.
  std::string client_reads() {
    std::string all;
    std::array<char, 65536> chunk;
    for (int size = 0; (size = SSL_read(client_->get(), chunk.data(), static_cast<int>(chunk.size()))) > 0;)
      all.append(chunk.data(), static_cast<std::size_t>(size));
    return all;
  }

  void client_writes(const std::string& text) {
    ASSERT_EQ(SSL_write(client_->get(), text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }

  std::string server_reads() {
    std::array<char, 65536> chunk;
    const Progress progress = channel_->read(chunk.data(), chunk.size());
    return progress.outcome == Outcome::done ? std::string(chunk.data(), progress.bytes) : std::string{};
  }

  /// Writes `text` from its own copy each time until the kernel takes no more; gives how much was written.
  std::size_t fill(const std::string& text) {
    std::size_t written = 0;
    while (written < text.size()) {
      const auto copy = std::make_unique<std::string>(text.substr(written, loop::RecordBuffer::size));
      const Progress progress = channel_->write(copy->data(), copy->size());
      if (progress.outcome != Outcome::done) break;
      written += progress.bytes;
    }
    return written;
  }

  void close_client() {
    ::close(ends_[1]);
    ends_[1] = -1;
  }

  TestCertificates certificates_;
  std::array<int, 2> ends_{-1, -1};
  std::unique_ptr<Channel> channel_;
  std::optional<TlsClient> client_;
};

TEST_F(ChannelTest, ShakesHandsAndPassesBytesBothWays) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  const unsigned char* protocol = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(client_->get(), &protocol, &length);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(protocol), length), "http/1.1");
  EXPECT_EQ(client_->peer(), "chat");
  EXPECT_EQ(channel_->write("hello", 5).bytes, 5U);
  EXPECT_EQ(client_reads(), "hello");
  EXPECT_EQ(channel_->peek().outcome, Outcome::wants_read);
  client_writes("and back");
  EXPECT_EQ(channel_->peek().outcome, Outcome::done);
  EXPECT_EQ(server_reads(), "and back");
  EXPECT_EQ(channel_->read(nullptr, 0).outcome, Outcome::wants_read);
}

TEST_F(ChannelTest, ServesTls12Too) {
  EXPECT_EQ(shake_hands({.max_version = TLS1_2_VERSION}), Outcome::done);
  EXPECT_EQ(SSL_version(client_->get()), TLS1_2_VERSION);
}

TEST_F(ChannelTest, RefusesOlderVersions) {
  EXPECT_EQ(shake_hands({.max_version = TLS1_1_VERSION}), Outcome::failed);
  EXPECT_EQ(channel_->failure(), HandshakeFailure::protocol);
}

TEST_F(ChannelTest, RefusesAClientThatSpeaksNoHttp11) {
  EXPECT_EQ(shake_hands({.protocols = {2, 'h', '2'}}), Outcome::failed);
  EXPECT_EQ(channel_->failure(), HandshakeFailure::protocol);
}

TEST_F(ChannelTest, ToldByAClientThatDoesNotTrustTheCertificate) {
  EXPECT_EQ(shake_hands({.verify = true}), Outcome::failed);
  EXPECT_EQ(channel_->failure(), HandshakeFailure::rejected);
}

TEST_F(ChannelTest, KnowsPlainHttp) {
  const std::string request = "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::send(ends_[1], request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  EXPECT_EQ(channel_->shake_hands().outcome, Outcome::failed);
  EXPECT_EQ(channel_->failure(), HandshakeFailure::plain_http);
}

TEST_F(ChannelTest, KnowsAClientThatLeavesDuringTheHandshake) {
  EXPECT_EQ(channel_->shake_hands().outcome, Outcome::wants_read);
  close_client();
  EXPECT_NE(channel_->shake_hands().outcome, Outcome::wants_read);
  EXPECT_EQ(channel_->failure(), HandshakeFailure::closed);
}

TEST_F(ChannelTest, AWriteThatWaitedGoesOnFromAnotherPlaceWithMoreBytes) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  const std::string all = counted(4 * 1024 * 1024);
  std::string received;
  std::size_t written = 0;
  int waits = 0;
  while (written < all.size()) {
    // Each try takes more than the one before, as frames are added to an outbox.
    const std::size_t wanted =
        std::min(all.size() - written, std::max<std::size_t>(channel_->pending_bytes() + 100, 5000));
    const auto copy =
        std::make_unique<std::string>(all.substr(written, std::min(wanted, loop::RecordBuffer::size)));
    const Progress progress = channel_->write(copy->data(), copy->size());
    if (progress.outcome == Outcome::done) {
      written += progress.bytes;
      continue;
    }
    ASSERT_EQ(progress.outcome, Outcome::wants_write);
    EXPECT_GT(channel_->pending_bytes(), 0U);
    ++waits;
    received += client_reads();
  }
  received += client_reads();
  EXPECT_EQ(channel_->pending_bytes(), 0U);
  EXPECT_GT(waits, 3);
  EXPECT_TRUE(received == all) << received.size() << " bytes of " << all.size();
}

TEST_F(ChannelTest, ReadsWhileAWriteWaitsAndTakesNewKeys) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  const std::string all = counted(2 * 1024 * 1024);
  std::size_t written = fill(all);
  ASSERT_GT(channel_->pending_bytes(), 0U);
  SSL_key_update(client_->get(), SSL_KEY_UPDATE_REQUESTED);
  client_writes("new keys");
  EXPECT_EQ(server_reads(), "new keys");
  std::string received;
  while (written < all.size()) {
    received += client_reads();
    written += fill(all.substr(written));
    if (written >= all.size()) break;
    ASSERT_LT(received.size(), all.size());
  }
  received += client_reads();
  EXPECT_TRUE(received == all) << received.size() << " bytes of " << all.size();
}

TEST_F(ChannelTest, JoinsPartsUpToOneRecord) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  loop::RecordBuffer joined;
  std::string small = "small";
  std::string large = counted(20'000);
  const auto part = [](std::string& text) { return iovec{text.data(), text.size()}; };
  const std::array two{part(small), part(large)};
  EXPECT_EQ(channel_->write(two, joined).bytes, loop::RecordBuffer::size);
  EXPECT_EQ(client_reads(), (small + large).substr(0, loop::RecordBuffer::size));
  const std::array three{part(small), part(small), part(small)};
  EXPECT_EQ(channel_->write(three, joined).bytes, 15U);
  EXPECT_EQ(client_reads(), "smallsmallsmall");
  const std::array one{part(large)};
  EXPECT_EQ(channel_->write(one, joined).bytes, loop::RecordBuffer::size);
}

TEST_F(ChannelTest, CountsWhatTheKernelTakesOfARecord) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  const auto before = channel_->bytes_out();
  ASSERT_EQ(channel_->write("hello", 5).outcome, Outcome::done);
  EXPECT_GT(channel_->bytes_out(), before + 5);
}

TEST_F(ChannelTest, EndsInOrderWithAndWithoutCloseNotify) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  SSL_shutdown(client_->get());
  EXPECT_EQ(channel_->peek().outcome, Outcome::ended);
  EXPECT_EQ(channel_->read(nullptr, 0).outcome, Outcome::ended);
}

TEST_F(ChannelTest, TakesAnEndWithoutCloseNotifyForAnEnd) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  client_reads();  // the session ticket; a close in front of it would be a reset
  close_client();
  std::array<char, 10> bytes;
  EXPECT_EQ(channel_->read(bytes.data(), bytes.size()).outcome, Outcome::ended);
}

TEST_F(ChannelTest, SaysGoodbyeToItsClient) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  channel_->say_goodbye();
  client_reads();
  EXPECT_EQ(SSL_get_shutdown(client_->get()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

TEST_F(ChannelTest, FailsOnBytesThatAreNoRecord) {
  ASSERT_EQ(shake_hands(), Outcome::done);
  ASSERT_EQ(::send(ends_[1], "\x17\x03\x03\x00\x20garbage-garbage-garbage-garbage!", 37, 0), 37);
  std::array<char, 10> bytes;
  EXPECT_EQ(channel_->read(bytes.data(), bytes.size()).outcome, Outcome::failed);
  channel_->say_goodbye();
}

}  // namespace
}  // namespace chat::gateway::tls
