#include "gateway/socketio/socket_packet.hpp"

#include <string>

#include <gtest/gtest.h>

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;
using Outcome = SocketDecoder::Outcome;

SocketPacket decoded(std::string_view text) {
  SocketDecoder decoder;
  EXPECT_EQ(decoder.add_text(text), Outcome::packet) << text;
  return decoder.take();
}

void expect_same_both_ways(const std::string& text, const SocketPacket& packet) {
  EXPECT_EQ(decoded(text), packet) << text;
  EXPECT_EQ(encode_socket_packet(packet).text, text);
}

json binary(std::string_view bytes) {
  return json::binary({bytes.begin(), bytes.end()});
}

// The examples of socket.io-protocol, revision 5, "Packet encoding".
TEST(SocketPacket, IsWrittenAndReadAsItsProtocolShows) {
  expect_same_both_ways("0", {SocketType::connect, "/", std::nullopt, {}});
  expect_same_both_ways(R"(0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"})",
                        {SocketType::connect, "/admin", std::nullopt, {{"sid", "oSO0OpakMV_3jnilAAAA"}}});
  expect_same_both_ways(R"(4{"message":"Not authorized"})",
                        {SocketType::connect_error, "/", std::nullopt, {{"message", "Not authorized"}}});
  expect_same_both_ways(R"(2["foo"])", {SocketType::event, "/", std::nullopt, json::array({"foo"})});
  expect_same_both_ways(R"(2/admin,["bar"])",
                        {SocketType::event, "/admin", std::nullopt, json::array({"bar"})});
  expect_same_both_ways(R"(212["foo"])", {SocketType::event, "/", 12, json::array({"foo"})});
  expect_same_both_ways(R"(3/admin,13["bar"])", {SocketType::ack, "/admin", 13, json::array({"bar"})});
  expect_same_both_ways("1/admin,", {SocketType::disconnect, "/admin", std::nullopt, {}});
}

TEST(SocketPacket, TheCommaBehindANamespaceMayBeMissingAtTheEnd) {
  EXPECT_EQ(decoded("1/admin").nsp, "/admin");
  EXPECT_EQ(decoded("0/admin?token=1").nsp, "/admin?token=1");
}

TEST(SocketPacket, I6AnAttachmentThatIsNamedOftenCountsAsOften) {
  std::string text = R"(51-["x")";
  for (int i = 0; i < 3; ++i) text += R"(,{"_placeholder":true,"num":0})";
  text += "]";
  SocketDecoder decoder({64, 64, 29});
  ASSERT_EQ(decoder.add_text(text), Outcome::needs_attachments);
  EXPECT_EQ(decoder.add_binary("0123456789"), Outcome::failed);
  SocketDecoder larger({64, 64, 30});
  ASSERT_EQ(larger.add_text(text), Outcome::needs_attachments);
  EXPECT_EQ(larger.add_binary("0123456789"), Outcome::packet);
}

TEST(SocketPacket, AnEventMayBeNamedByANumber) {
  EXPECT_EQ(decoded("2[5]").data, json::array({5}));
}

TEST(SocketPacket, BinaryValuesAreAttachments) {
  const SocketPacket packet{SocketType::event, "/admin", 7,
                            json::array({"baz", binary("\1\2"), {{"deep", binary("\3")}}})};
  const EncodedSocketPacket encoded = encode_socket_packet(packet);
  EXPECT_EQ(encoded.text,
            R"(52-/admin,7["baz",{"_placeholder":true,"num":0},{"deep":{"_placeholder":true,"num":1}}])");
  EXPECT_EQ(encoded.attachments, (std::vector<std::string>{"\1\2", "\3"}));
  SocketDecoder decoder;
  EXPECT_EQ(decoder.add_text(encoded.text), Outcome::needs_attachments);
  EXPECT_EQ(decoder.add_binary("\1\2"), Outcome::needs_attachments);
  EXPECT_TRUE(decoder.is_waiting());
  EXPECT_EQ(decoder.add_binary("\3"), Outcome::packet);
  EXPECT_EQ(decoder.take(), packet);
  EXPECT_FALSE(decoder.is_waiting());
}

TEST(SocketPacket, ABinaryAckIsAnAck) {
  SocketDecoder decoder;
  EXPECT_EQ(decoder.add_text(R"(61-15[{"_placeholder":true,"num":0}])"), Outcome::needs_attachments);
  EXPECT_EQ(decoder.add_binary("x"), Outcome::packet);
  EXPECT_EQ(decoder.take(), (SocketPacket{SocketType::ack, "/", 15, json::array({binary("x")})}));
}

TEST(SocketPacket, ABinaryEventWithoutAttachmentsIsAnEvent) {
  EXPECT_EQ(decoded(R"(50-["foo"])").type, SocketType::event);
}

TEST(SocketPacket, WhatTheReferenceRefusesFails) {
  for (const std::string_view broken : {"",
                                        "7",
                                        "x",
                                        "5",
                                        "5-[\"a\"]",
                                        "5x-[\"a\"]",
                                        "51[\"a\"]",
                                        "2",
                                        "2{}",
                                        "2[]",
                                        "2[true]",
                                        "2[\"a\"",
                                        "2[\"connect\"]",
                                        "2[\"disconnecting\"]",
                                        "2\"a\"",
                                        "3",
                                        "3{}",
                                        "1[\"a\"]",
                                        "1{}",
                                        "0[]",
                                        "0\"a\"",
                                        "4",
                                        "4[]",
                                        "4 5",
                                        "299999999999999999999[\"a\"]"}) {
    EXPECT_EQ(SocketDecoder().add_text(broken), Outcome::failed) << broken;
  }
}

TEST(SocketPacket, AttachmentsOutOfPlaceFail) {
  EXPECT_EQ(SocketDecoder().add_binary("x"), Outcome::failed);
  SocketDecoder waiting;
  EXPECT_EQ(waiting.add_text(R"(51-["a",{"_placeholder":true,"num":0}])"), Outcome::needs_attachments);
  EXPECT_EQ(waiting.add_text(R"(2["b"])"), Outcome::failed);
  for (const std::string_view number : {"1", "-1", "0.5", "\"0\"", "null"}) {
    SocketDecoder decoder;
    decoder.add_text(R"(51-["a",{"_placeholder":true,"num":)" + std::string(number) + "}]");
    EXPECT_EQ(decoder.add_binary("x"), Outcome::failed) << number;
  }
}

TEST(SocketPacket, I6DepthAndAttachmentsAreBounded) {
  const auto nested = [](std::size_t depth) {
    return "2[\"a\"," + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "]";
  };
  EXPECT_EQ(SocketDecoder().add_text(nested(64)), Outcome::packet);
  EXPECT_EQ(SocketDecoder().add_text(nested(65)), Outcome::failed);
  EXPECT_EQ(SocketDecoder().add_text("2[\"a\"," + std::string(100'000, '[')), Outcome::failed);
  EXPECT_EQ(SocketDecoder().add_text("2[\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"]"),
            Outcome::packet);
  EXPECT_EQ(SocketDecoder().add_text(R"(564-["a"])"), Outcome::needs_attachments);
  EXPECT_EQ(SocketDecoder().add_text(R"(565-["a"])"), Outcome::failed);
  SocketDecoder decoder({.depth = 64, .attachments = 2, .attachment_bytes = 3});
  decoder.add_text(R"(52-["a"])");
  EXPECT_EQ(decoder.add_binary("12"), Outcome::needs_attachments);
  EXPECT_EQ(decoder.add_binary("34"), Outcome::failed);
}

}  // namespace
}  // namespace chat::gateway::socketio
