#include "gateway/ws/outbox.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace chat::gateway::ws {
namespace {

FrameRef bytes(std::string text) {
  return make_frame(std::make_shared<const std::string>(std::move(text)));
}

std::string gathered(const Outbox& outbox, std::size_t parts = 64) {
  std::array<iovec, 64> storage;
  std::string all;
  for (const iovec& part : outbox.gather(std::span(storage).first(parts))) {
    all.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  return all;
}

TEST(Outbox, KeepsTheOrderBeyondItsInlineSlots) {
  Outbox outbox;
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) {
    outbox.append(bytes({c, c}));
    expected.append(2, c);
  }
  EXPECT_EQ(gathered(outbox), expected);
  EXPECT_EQ(gathered(outbox, 3), "aabbcc");
}

TEST(Outbox, GoesOnWhereAPartialSendEnded) {
  Outbox outbox;
  std::string expected;
  for (int i = 0; i < 9; ++i) {
    outbox.append(bytes("frame" + std::to_string(i)));
    expected += "frame" + std::to_string(i);
  }
  while (!expected.empty()) {
    ASSERT_EQ(gathered(outbox), expected);
    outbox.consume(1);
    expected.erase(0, 1);
  }
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.weight(), 0U);
}

TEST(Outbox, TakesNewFramesBehindOldOnesWhilePartlySent) {
  Outbox outbox;
  for (int i = 0; i < 6; ++i) outbox.append(bytes(std::to_string(i)));
  outbox.consume(3);
  outbox.append(bytes("6"));
  outbox.append(bytes("7"));
  EXPECT_EQ(gathered(outbox), "34567");
  outbox.consume(5);
  outbox.append(bytes("8"));
  EXPECT_EQ(gathered(outbox), "8");
}

TEST(Outbox, I6_WeighsManySmallFramesByTheirMemory) {
  Outbox outbox;
  constexpr std::size_t most = (1U << 20) / Outbox::frame_overhead;
  std::size_t taken = 0;
  const FrameRef tiny = bytes("ab");
  while (taken <= most && outbox.fits(*tiny, 1 << 20)) {
    outbox.append(tiny);
    ++taken;
  }
  EXPECT_LE(taken, most);
  EXPECT_LE(outbox.weight(), 1U << 20);
}

TEST(Outbox, KeepsTheFramesThatTlsHasTakenAByteOf) {
  Outbox outbox;
  std::string expected;
  for (int i = 0; i < 9; ++i) {
    outbox.append(bytes("frame" + std::to_string(i)));
    expected += "frame" + std::to_string(i);
  }
  outbox.consume(2);
  outbox.drop_unsent(4 + 5 * 6 + 1);
  EXPECT_EQ(gathered(outbox), expected.substr(2, 7 * 6 - 2));
  EXPECT_EQ(outbox.weight(), 7 * (6 + Outbox::frame_overhead) - 2);
  outbox.drop_unsent(1);
  EXPECT_EQ(gathered(outbox), "ame0");
  outbox.consume(4);
  EXPECT_EQ(outbox.weight(), 0U);
  outbox.drop_unsent();
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, DropsAllButAPartlySentFrame) {
  Outbox outbox;
  for (int i = 0; i < 6; ++i) outbox.append(bytes("frame"));
  outbox.consume(7);
  outbox.drop_unsent();
  EXPECT_EQ(gathered(outbox), "ame");
  EXPECT_EQ(outbox.weight(), 3 + Outbox::frame_overhead);
  outbox.append(bytes("!"));
  EXPECT_EQ(gathered(outbox), "ame!");
}

TEST(Outbox, DropsAllWhenNoFrameIsPartlySent) {
  Outbox outbox;
  for (int i = 0; i < 6; ++i) outbox.append(bytes("frame"));
  outbox.consume(5);
  outbox.drop_unsent();
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.weight(), 0U);
}

TEST(Outbox, LetsGoOfFramesThatWereSent) {
  Outbox outbox;
  const FrameRef frame = bytes("shared");
  for (int i = 0; i < 10; ++i) outbox.append(frame);
  EXPECT_EQ(frame->use_count(), 11U);
  outbox.consume(60);
  EXPECT_EQ(frame->use_count(), 1U);
}

TEST(Outbox, PassesThroughASocketThatTakesLittleAtATime) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  const int smallest = 1;  // the kernel rounds up to its minimum
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);

  Outbox outbox;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string frame(static_cast<std::size_t>(i * 37 % 1000 + 1), static_cast<char>('a' + i % 26));
    outbox.append(bytes(frame));
    expected += frame;
  }
  std::string received;
  int partial_sends = 0;
  while (!outbox.empty()) {
    std::array<iovec, 64> storage;
    const auto parts = outbox.gather(storage);
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(ends[0], &message, MSG_NOSIGNAL);
    if (sent > 0) outbox.consume(static_cast<std::size_t>(sent));
    if (sent < 0 || !outbox.empty()) ++partial_sends;
    std::array<char, 777> chunk{};
    const ssize_t size = ::read(ends[1], chunk.data(), chunk.size());
    if (size > 0) received.append(chunk.data(), static_cast<std::size_t>(size));
  }
  std::array<char, 4096> chunk{};
  for (ssize_t size = 0; (size = ::read(ends[1], chunk.data(), chunk.size())) > 0;) {
    received.append(chunk.data(), static_cast<std::size_t>(size));
  }
  EXPECT_EQ(received, expected);
  EXPECT_GT(partial_sends, 10);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace chat::gateway::ws
