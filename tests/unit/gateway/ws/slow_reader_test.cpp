// A client that reads slower than it is sent to costs bounded memory and harms no other client.
#include <algorithm>
#include <stdexcept>

#include <gtest/gtest.h>

#include "gateway/connection/close_codes.hpp"
#include "tests/unit/gateway/ws/server_fixture.hpp"

namespace chat::gateway::ws::test {
namespace {

constexpr int smallest_receive_buffer = 4096;

class SlowReader : public ServerTest {
 protected:
  /// Fills the outbox of a client that does not read until its bytes reach `weight`.
  void fill_outbox(std::size_t weight, const FrameRef& frame) {
    loop_.run([&] {
      while (stage_.members.front()->outbox_bytes() < weight) {
        stage_.members.front()->deliver(frame);
        loop_.flush_list.flush_all();
      }
    });
  }
};

TEST_F(SlowReader, I6_ASlowReaderGetsWholeFramesThenClose4000InBoundedMemory) {
  RawWsClient slow = connect(smallest_receive_buffer);
  RawWsClient quick = connect();
  ASSERT_TRUE(opened(2));
  const ConnectionLimits limits;
  const FrameRef frame = make_frame(Opcode::text, std::string(50'000, 'x'));

  int broadcasts = 0;
  std::size_t most = 0;
  for (bool cut = false; !cut; ++broadcasts) {
    ASSERT_LT(broadcasts, 2000) << "no bound";
    loop_.run([&] { broadcast(frame); });
    ASSERT_EQ(quick.read_frame()->payload.size(), 50'000U);
    loop_.run([&] {
      for (const Connection* member : stage_.members) most = std::max(most, member->outbox_bytes());
    });
    const std::lock_guard lock(stage_.mutex);
    cut = stage_.events.slow > 0;
  }
  EXPECT_LE(most, limits.max_outbox_bytes + 200);
  EXPECT_LE(frame->use_count(), 3U) << "frames that nobody will get were kept";
  for (int i = 0; i < 10; ++i) loop_.run([&] { broadcast(frame); });
  for (int i = 0; i < 10; ++i) ASSERT_EQ(quick.read_frame()->payload.size(), 50'000U);

  int whole = 0;
  std::optional<RawFrame> last;
  while ((last = slow.read_frame()) && !last->is_close()) {
    ASSERT_EQ(last->payload, std::string(50'000, 'x'));
    ++whole;
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(last->close_code(), close_code::slow_consumer);
  EXPECT_LT(whole, broadcasts);
  slow.send(client_close(close_code::slow_consumer));
  EXPECT_TRUE(slow.is_at_end());
  slow.close();
  EXPECT_EQ(stage_.events.slow, 1);
  EXPECT_TRUE(connections_become(1));
}

TEST_F(SlowReader, I6_AReaderThatStopsForGoodIsResetAfterTheCloseTimeout) {
  RawWsClient stuck = connect(smallest_receive_buffer);
  ASSERT_TRUE(opened(1));
  const FrameRef frame = make_frame(Opcode::text, std::string(50'000, 'x'));
  loop_.run([&] {
    for (int i = 0; i < 2000 && stage_.events.slow == 0; ++i) {
      stage_.members.front()->deliver(frame);
      loop_.flush_list.flush_all();
    }
  });
  ASSERT_EQ(stage_.events.slow, 1);
  sweep_at(4s);
  EXPECT_EQ(loop_.run([&] { return server_->connections(); }), 1U);
  sweep_at(6s);
  EXPECT_TRUE(connections_become(0));
  EXPECT_EQ(frame->use_count(), 1U);
}

TEST_F(SlowReader, I6_AFloodOfPingsWithoutReadingIsCutToo) {
  ConnectionLimits limits;
  limits.max_outbox_bytes = 64 * 1024;
  start(limits);
  RawWsClient flooder = connect(smallest_receive_buffer);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += client_frame(final_bit | 9, std::string(125, 'p'));
  try {
    for (int i = 0; i < 200; ++i) {
      flooder.send(pings);
      const std::lock_guard lock(stage_.mutex);
      if (stage_.events.slow > 0) break;
    }
  } catch (const std::runtime_error&) {
    // The server no longer reads.
  }
  EXPECT_TRUE(stage_.wait([](const Events& events) { return events.slow == 1; }));
}

TEST_F(SlowReader, APeerThatSendsButDoesNotReadIsCutAtTheWriteDeadline) {
  RawWsClient client = connect(smallest_receive_buffer);
  ASSERT_TRUE(opened(1));
  fill_outbox(500'000, make_frame(Opcode::text, std::string(50'000, 'x')));
  sweep_at(0s);
  EXPECT_GE(loop_.run([&] { return server_->outbox_bytes(); }), 500'000U);
  for (int i = 1; i <= 19; ++i) {
    sweep_at(i * 1s);
    client.send(client_frame(final_bit | 10, ""));
  }
  EXPECT_EQ(loop_.run([&] { return server_->connections(); }), 1U);
  sweep_at(21s);
  EXPECT_TRUE(connections_become(0));
  sweep_at(22s);
  EXPECT_EQ(loop_.run([&] { return server_->outbox_bytes(); }), 0U);
}

}  // namespace
}  // namespace chat::gateway::ws::test
