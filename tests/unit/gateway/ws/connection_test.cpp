// What a handler can rely on: order, bounds, closing, time, exceptions.
#include "gateway/connection/connection.hpp"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "gateway/connection/close_codes.hpp"
#include "tests/unit/gateway/ws/server_fixture.hpp"

namespace chat::gateway::ws::test {
namespace {

using ConnectionTest = ServerTest;

TEST_F(ConnectionTest, I2_AFanOutBesideEchoesAndPongsKeepsItsOrderAndNeverInterleaves) {
  constexpr int clients = 8;
  constexpr int frames = 300;
  std::vector<RawWsClient> members;
  members.reserve(clients);
  for (int i = 0; i < clients; ++i) members.push_back(connect());
  ASSERT_TRUE(opened(clients));

  std::thread fan_out([&] {
    for (int i = 0; i < frames; ++i) {
      loop_.run([&] {
        broadcast(make_frame(Opcode::text, "fan-out " + std::to_string(i) + ' ' + std::string(3000, 'f')));
      });
    }
  });
  std::vector<std::thread> readers;
  readers.reserve(members.size());
  for (RawWsClient& member : members) {
    readers.emplace_back([&member] {
      int fanned_out = 0, echoed = 0, ponged = 0;
      for (int sent = 0; fanned_out < frames || echoed < frames || ponged < frames;) {
        if (sent < frames) {
          member.send(client_text("echo " + std::to_string(sent) + ' ' + std::string(500, 'e')) +
                      client_frame(final_bit | 9, std::to_string(sent)));
          ++sent;
        }
        const auto frame = member.read_frame();
        ASSERT_TRUE(frame);
        if (frame->opcode() == 10) {
          ASSERT_EQ(frame->payload, std::to_string(ponged++));
        } else if (frame->payload[0] == 'f') {
          ASSERT_EQ(frame->payload, "fan-out " + std::to_string(fanned_out++) + ' ' + std::string(3000, 'f'));
        } else {
          ASSERT_EQ(frame->payload, "echo " + std::to_string(echoed++) + ' ' + std::string(500, 'e'));
        }
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  fan_out.join();
}

TEST_F(ConnectionTest, ACloseIsTheLastFrame) {
  on_message([](Connection& connection, Opcode, std::string_view) {
    connection.send_text("before");
    connection.close(close_code::restart, "restarting");
    connection.send_text("after");
    connection.close(close_code::done, "again");
  });
  RawWsClient client = connect();
  client.send(client_text("go") + client_frame(final_bit | 9, "late ping") + client_text("late"));
  EXPECT_EQ(client.read_frame()->payload, "before");
  const auto close = client.read_frame();
  ASSERT_TRUE(close && close->is_close());
  EXPECT_EQ(close->close_code(), close_code::restart);
  EXPECT_EQ(close->payload.substr(2), "restarting");
  client.send(client_close(close_code::restart));
  EXPECT_TRUE(client.is_at_end());
  EXPECT_FALSE(client.was_reset());
  EXPECT_TRUE(closed(1));
  EXPECT_EQ(stage_.events.messages, std::vector<std::string>{"go"});
}

TEST_F(ConnectionTest, APeerThatDoesNotAnswerACloseIsCutAfterTheCloseTimeout) {
  RawWsClient client = connect();
  ASSERT_TRUE(opened(1));
  loop_.run([&] { server_->close_all(close_code::going_away, "draining"); });
  EXPECT_EQ(client.read_frame()->close_code(), close_code::going_away);
  sweep_at(4s);
  EXPECT_EQ(loop_.run([&] { return server_->connections(); }), 1U);
  sweep_at(6s);
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(connections_become(0));
  EXPECT_TRUE(closed(1));
}

TEST_F(ConnectionTest, APeerThatNeverClosesItsSideIsCutAfterTheLingerTimeout) {
  RawWsClient client = connect();
  client.send(client_close(1000));
  EXPECT_TRUE(client.read_frame()->is_close());
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(closed(1));
  EXPECT_EQ(loop_.run([&] { return server_->connections(); }), 1U);
  sweep_at(3s);
  EXPECT_TRUE(connections_become(0));
}

TEST_F(ConnectionTest, ASilentPeerIsPingedThenCut) {
  RawWsClient client = connect();
  ASSERT_TRUE(opened(1));
  sweep_at(19s);
  sweep_at(21s);
  sweep_at(22s);
  EXPECT_EQ(client.read_frame()->opcode(), 9);
  sweep_at(39s);
  EXPECT_EQ(loop_.run([&] { return server_->connections(); }), 1U);
  sweep_at(41s);
  EXPECT_TRUE(client.is_at_end()) << "one ping only";
  EXPECT_TRUE(connections_become(0));
}

TEST_F(ConnectionTest, AnAnsweredPingKeepsTheConnection) {
  RawWsClient client = connect();
  ASSERT_TRUE(opened(1));
  for (int i = 1; i <= 5; ++i) {
    sweep_at(i * 21s);
    ASSERT_EQ(client.read_frame()->opcode(), 9);
    client.send(client_frame(final_bit | 10, "") + client_text("seen"));
    ASSERT_EQ(client.read_frame()->payload, "seen");
  }
}

TEST_F(ConnectionTest, ReadsNoFurtherMessageUntilTheHandlerIsReady) {
  on_message([this](Connection&, Opcode, std::string_view) { stage_.is_ready = false; });
  RawWsClient client = connect();
  client.send(client_text("one") + client_text("two") + client_text("three"));
  ASSERT_TRUE(stage_.wait([](const Events& events) { return events.messages.size() == 1; }));
  sweep_at(41s);  // nothing is read, so nothing can be missed
  EXPECT_EQ(loop_.run([&] { return server_->connections(); }), 1U);
  for (std::size_t read = 2; read <= 3; ++read) {
    loop_.run([&] {
      stage_.is_ready = true;
      stage_.members.front()->resume_reading();
    });
    ASSERT_TRUE(stage_.wait([=](const Events& events) { return events.messages.size() == read; }));
  }
}

TEST_F(ConnectionTest, ClosesAlsoWhileTheHandlerIsNotReady) {
  on_message([this](Connection&, Opcode, std::string_view) { stage_.is_ready = false; });
  RawWsClient client = connect();
  client.send(client_text("one"));
  ASSERT_TRUE(stage_.wait([](const Events& events) { return events.messages.size() == 1; }));
  loop_.run([&] { server_->close_all(close_code::going_away, ""); });
  EXPECT_TRUE(client.read_frame()->is_close());
  client.send(client_text("late") + client_close(1001));
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(closed(1));
  EXPECT_EQ(stage_.events.messages.size(), 1U);
}

TEST_F(ConnectionTest, AnExceptionOfTheHandlerCloses1011AndNobodyElse) {
  on_message([](Connection& connection, Opcode opcode, std::string_view payload) {
    if (payload == "throw") throw std::runtime_error("a bug");
    connection.deliver(make_frame(opcode, payload));
  });
  RawWsClient unlucky = connect();
  RawWsClient other = connect();
  unlucky.send(client_text("throw"));
  EXPECT_EQ(unlucky.read_frame()->close_code(), close_code::internal_error);
  other.send(client_text("fine"));
  EXPECT_EQ(other.read_frame()->payload, "fine");
}

TEST_F(ConnectionTest, AnExceptionInOnOpenCloses1011) {
  on_open([](Connection&) { throw std::runtime_error("a bug"); });
  RawWsClient client = connect();
  EXPECT_EQ(client.read_frame()->close_code(), close_code::internal_error);
}

TEST_F(ConnectionTest, DestroyingTheServerCutsAndTellsEveryHandlerOnce) {
  RawWsClient open = connect();
  RawWsClient closing = connect();
  ASSERT_TRUE(opened(2));
  loop_.run([&] { stage_.members.back()->close(close_code::going_away, ""); });
  stop();
  EXPECT_EQ(stage_.events.closed, 2);
  EXPECT_TRUE(open.is_at_end());
}

TEST_F(ConnectionTest, I5_AFanOutSharesOneFrame) {
  std::vector<RawWsClient> members;
  members.reserve(5);
  for (int i = 0; i < 5; ++i) members.push_back(connect());
  ASSERT_TRUE(opened(5));
  const FrameBytes bytes = encode_frame(Opcode::text, "once");
  const auto [bytes_held, frame_held] = loop_.run([&] {
    const FrameRef frame = make_frame(bytes);
    broadcast(frame);
    return std::pair(bytes.use_count(), frame->use_count());
  });
  EXPECT_EQ(bytes_held, 2);   // this test's and the frame's
  EXPECT_EQ(frame_held, 6U);  // the loop's and one for each outbox
  for (RawWsClient& member : members) EXPECT_EQ(member.read_frame()->payload, "once");
}

}  // namespace
}  // namespace chat::gateway::ws::test
