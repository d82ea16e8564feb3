// RFC 6455 sections 5 to 7 at the wire, on a handler that echoes.
#include <gtest/gtest.h>

#include "tests/unit/gateway/ws/server_fixture.hpp"

namespace chat::gateway::ws::test {
namespace {

constexpr std::uint8_t text = 1, binary = 2, continuation = 0, ping = 9, pong = 10;

class Protocol : public ServerTest {
 protected:
  /// What the server's Close says after `bytes`; the connection must end after it.
  std::uint16_t close_code_after(std::string_view bytes) {
    RawWsClient client = connect();
    client.send(bytes);
    std::optional<RawFrame> frame = client.read_frame();
    if (!frame || !frame->is_close()) return 1;
    EXPECT_TRUE(client.is_at_end());
    return frame->close_code();
  }

  /// What the echo of one message gives.
  std::string echo_of(RawWsClient& client, std::string_view bytes) {
    client.send(bytes);
    const std::optional<RawFrame> frame = client.read_frame();
    return frame ? static_cast<char>(frame->first) + frame->payload : "the connection ended";
  }
};

std::string frame_of(int first) {
  return client_frame(static_cast<std::uint8_t>(first), "x");
}

std::string close_of(int code, std::string_view reason = {}) {
  return client_close(static_cast<std::uint16_t>(code), reason);
}

std::string as_frame(std::uint8_t opcode, std::string_view payload) {
  return static_cast<char>(final_bit | opcode) + std::string(payload);
}

TEST_F(Protocol, AnswersTheHandshakeOfTheRfc) {
  RawWsClient client(port_);
  const std::string head = client.upgrade();
  EXPECT_EQ(head.substr(0, head.find("\r\n")), "HTTP/1.1 101 Switching Protocols");
  EXPECT_NE(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Sec-WebSocket-Protocol"), std::string::npos);
  EXPECT_EQ(head.find("Sec-WebSocket-Extensions"), std::string::npos);
}

TEST_F(Protocol, ChoosesItsSubprotocolAmongThoseOffered) {
  RawWsClient client(port_);
  const std::string head = client.upgrade("/ws", "Sec-WebSocket-Protocol: other, chat.v1, a-token\r\n");
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: chat.v1\r\n"), std::string::npos);
}

TEST_F(Protocol, TakesFramesThatCameWithTheUpgradeRequest) {
  RawWsClient client(port_);
  client.send(chat::test::upgrade_request("/ws") + client_text("early"));
  client.read_header();
  EXPECT_EQ(client.read_frame()->payload, "early");
}

TEST_F(Protocol, EchoesMessagesOfEveryLengthForm) {
  RawWsClient client = connect();
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 127UL, 4096UL, 65535UL, 65536UL}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(echo_of(client, client_text(payload)), as_frame(text, payload)) << size;
    EXPECT_EQ(echo_of(client, client_frame(final_bit | binary, payload)), as_frame(binary, payload)) << size;
  }
}

TEST_F(Protocol, EchoesAMessageThatComesByteByByte) {
  RawWsClient client = connect();
  for (const char byte : client_text("h\xC3\xA9llo")) client.send({&byte, 1});
  EXPECT_EQ(client.read_frame()->payload, "h\xC3\xA9llo");
}

TEST_F(Protocol, JoinsFragmentsWithAPingBetweenThem) {
  RawWsClient client = connect();
  client.send(client_frame(text, "one ") + client_frame(final_bit | ping, "?") +
              client_frame(continuation, "") + client_frame(continuation, "two ") +
              client_frame(final_bit | continuation, "three"));
  const auto answer = client.read_frame();
  EXPECT_EQ(answer->first, final_bit | pong);
  EXPECT_EQ(answer->payload, "?");
  EXPECT_EQ(client.read_frame()->payload, "one two three");
}

TEST_F(Protocol, JoinsACharacterThatFragmentsSplit) {
  RawWsClient client = connect();
  EXPECT_EQ(echo_of(client, client_frame(text, "\xE2\x82") + client_frame(final_bit | continuation, "\xAC")),
            as_frame(text, "\xE2\x82\xAC"));
}

TEST_F(Protocol, AnswersEveryPingWithItsPayload) {
  RawWsClient client = connect();
  const std::string longest(125, 'p');
  client.send(client_frame(final_bit | ping, "") + client_frame(final_bit | ping, longest) +
              client_frame(final_bit | pong, "nobody asked"));
  EXPECT_EQ(client.read_frame()->payload, "");
  EXPECT_EQ(client.read_frame()->payload, longest);
  EXPECT_EQ(echo_of(client, client_text("on")), as_frame(text, "on"));
}

TEST_F(Protocol, ClosesBrokenFramingWith1002) {
  EXPECT_EQ(close_code_after(client_frame(final_bit | ping, std::string(126, 'p'))), 1002)
      << "long control frame";
  EXPECT_EQ(close_code_after(client_frame(ping, "p")), 1002) << "fragmented control frame";
  EXPECT_EQ(close_code_after(client_frame(final_bit | text, "x", false)), 1002) << "unmasked";
  EXPECT_EQ(close_code_after(client_frame(final_bit | continuation, "x")), 1002) << "stray continuation";
  EXPECT_EQ(close_code_after(client_frame(text, "x") + client_text("y")), 1002)
      << "new message inside another";
}

TEST_F(Protocol, ClosesReservedBitsAndOpcodesWith1002) {
  for (const int bit : {0x40, 0x20, 0x10}) {
    EXPECT_EQ(close_code_after(frame_of(0x80 | bit | text)), 1002) << bit;
    EXPECT_EQ(close_code_after(frame_of(0x80 | bit | ping)), 1002) << bit;
  }
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    EXPECT_EQ(close_code_after(frame_of(0x80 | opcode)), 1002) << opcode;
  }
}

TEST_F(Protocol, ClosesALengthThatIsNotTheShortestFormWith1002) {
  using namespace std::string_literals;
  EXPECT_EQ(close_code_after("\x81\xFE\x00\x01mask-"s), 1002);
  EXPECT_EQ(close_code_after("\x81\xFF\x00\x00\x00\x00\x00\x00\x00\x01mask-"s), 1002);
}

TEST_F(Protocol, ClosesBadUtf8With1007) {
  EXPECT_EQ(close_code_after(client_text("\xC3\x28")), 1007);
  EXPECT_EQ(close_code_after(client_text("\xED\xA0\x80")), 1007) << "surrogate";
  EXPECT_EQ(close_code_after(client_text("\xC0\x80")), 1007) << "overlong";
  EXPECT_EQ(close_code_after(client_text("\xF4\x90\x80\x80")), 1007) << "over U+10FFFF";
  EXPECT_EQ(close_code_after(client_text("cut \xE2\x82")), 1007) << "cut character";
}

TEST_F(Protocol, ClosesBadUtf8BeforeTheMessageIsComplete) {
  EXPECT_EQ(close_code_after(client_frame(text, "\xFF")), 1007);
}

// Beast 1.81 checks for a cut character only while it reads payload, so an empty final frame let it through.
TEST_F(Protocol, ClosesACutCharacterBeforeAnEmptyFinalFrameWith1007) {
  RawWsClient client = connect();
  client.send(client_frame(text, "\xE2\x82") + client_frame(final_bit | continuation, "") +
              client_close(1007));
  EXPECT_EQ(client.read_frame()->close_code(), 1007);
  client.close();
  EXPECT_TRUE(stage_.wait([](const Events& events) { return events.closed == 1; }));
  EXPECT_TRUE(stage_.events.messages.empty());
}

TEST_F(Protocol, TakesAnyBytesInBinaryMessages) {
  RawWsClient client = connect();
  EXPECT_EQ(echo_of(client, client_frame(final_bit | binary, "\xFF\xC0")), as_frame(binary, "\xFF\xC0"));
}

TEST_F(Protocol, ClosesAMessageOverTheLimitWith1009) {
  EXPECT_EQ(close_code_after(client_text(std::string(64 * 1024 + 1, 'x'))), 1009);
  const std::string half = std::string(40 * 1024, 'x');
  EXPECT_EQ(close_code_after(client_frame(text, half) + client_frame(final_bit | continuation, half)), 1009);
}

TEST_F(Protocol, ClosesADeclaredLengthOverTheLimitWithoutWaitingForIt) {
  using namespace std::string_literals;
  EXPECT_EQ(close_code_after("\x82\xFF\x00\x00\x00\xFF\x00\x00\x00\x00mask"s), 1009);
}

TEST_F(Protocol, AnswersACloseWithItsCode) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999}) {
    EXPECT_EQ(close_code_after(close_of(code, "bye")), code);
  }
}

TEST_F(Protocol, AnswersACloseWithoutACode) {
  RawWsClient client = connect();
  client.send(client_frame(final_bit | 8, ""));
  const auto frame = client.read_frame();
  ASSERT_TRUE(frame && frame->is_close());
  EXPECT_TRUE(client.is_at_end());
  EXPECT_FALSE(client.was_reset());
}

TEST_F(Protocol, AnswersABadCloseWith1002) {
  for (const int code : {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999}) {
    EXPECT_EQ(close_code_after(close_of(code)), 1002) << code;
  }
  EXPECT_EQ(close_code_after(client_frame(final_bit | 8, "x")), 1002) << "payload of one byte";
  const std::uint16_t after_bad_reason = close_code_after(client_close(1000, "\xFF"));
  EXPECT_TRUE(after_bad_reason == 1002 || after_bad_reason == 1007) << after_bad_reason;
  EXPECT_EQ(close_code_after(client_frame(final_bit | 8, "\x03\xE8" + std::string(124, 'x'))), 1002)
      << "too long";
}

TEST_F(Protocol, ReadsNothingBehindAClose) {
  RawWsClient client = connect();
  client.send(client_text("before") + client_close(1000) + client_text("after"));
  EXPECT_EQ(client.read_frame()->payload, "before");
  EXPECT_TRUE(client.read_frame()->is_close());
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(stage_.wait([](const Events& events) { return events.closed == 1; }));
  EXPECT_EQ(stage_.events.messages, std::vector<std::string>{"before"});
}

TEST_F(Protocol, LetsGoOfEveryConnectionHoweverItEnds) {
  {
    RawWsClient closes = connect();
    RawWsClient resets = connect();
    RawWsClient half_closes = connect();
    RawWsClient vanishes_mid_frame = connect();
    EXPECT_TRUE(stage_.wait([](const Events& events) { return events.opened == 4; }));
    EXPECT_TRUE(connections_become(4));
    closes.send(client_close(1000));
    resets.abort();
    half_closes.shutdown_write();
    EXPECT_TRUE(half_closes.is_at_end());
    vanishes_mid_frame.send(client_text(std::string(300, 'x')).substr(0, 200));
    vanishes_mid_frame.close();
    closes.read_frame();
    closes.close();
    EXPECT_TRUE(connections_become(0));
  }
  EXPECT_EQ(stage_.events.closed, 4);
}

TEST_F(Protocol, OneClientWithManyMessagesDoesNotHoldUpAnother) {
  RawWsClient busy = connect();
  RawWsClient other = connect();
  std::string many;
  for (int i = 0; i < 20000; ++i) many += client_text("m");
  std::thread sender([&] { busy.send(many); });
  const std::string reply = echo_of(other, client_text("me too"));
  EXPECT_EQ(reply, as_frame(text, "me too"));
  for (int i = 0; i < 20000; ++i) ASSERT_EQ(busy.read_frame()->payload, "m");
  sender.join();
}

}  // namespace
}  // namespace chat::gateway::ws::test
