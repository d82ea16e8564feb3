#include "gateway/engineio/engine_packet.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/engineio/payload.hpp"

namespace chat::gateway::engineio {
namespace {

using testing::decode_payload;
using testing::EnginePayload;

EnginePacket text(std::string data) {
  return {EngineType::message, std::move(data), false};
}

// Packets and payloads as engine.io-client 6 sends them.
TEST(EnginePacket, EachTypeIsItsDigitAndTheData) {
  EXPECT_EQ(encode_packet(text("40")), "440");
  EXPECT_EQ(encode_packet({EngineType::ping, "probe", false}), "2probe");
  EXPECT_EQ(encode_packet({EngineType::noop, "", false}), "6");
  EXPECT_EQ(decode_packet("3probe", EngineCarrier::frame), (EnginePacket{EngineType::pong, "probe", false}));
  EXPECT_EQ(decode_packet("5", EngineCarrier::frame), (EnginePacket{EngineType::upgrade, "", false}));
  EXPECT_EQ(decode_packet("4", EngineCarrier::payload), text(""));
}

TEST(EnginePacket, InAPayloadBinaryIsBase64) {
  const EnginePacket binary{EngineType::message, std::string("\1\2\3\4", 4), true};
  EXPECT_EQ(encode_packet(binary), "bAQIDBA==");
  EXPECT_EQ(decode_packet("bAQIDBA==", EngineCarrier::payload), binary);
  EXPECT_FALSE(decode_packet("bAQIDBA==", EngineCarrier::frame));
}

TEST(EnginePacket, UnknownTypesAndBrokenBase64AreRefused) {
  for (const std::string_view broken : {"", "7", "abc", "bZ", "b@@@@", "\x1e", " 4"})
    EXPECT_FALSE(decode_packet(broken, EngineCarrier::payload)) << broken;
}

TEST(EnginePayload, HoldsPacketsInOrder) {
  std::string body;
  append_record(body, "4one");
  append_record(body, "bAQ==");
  append_record(body, "3");
  EXPECT_EQ(body,
            "4one\x1e"
            "bAQ==\x1e"
            "3");
  const EnginePayload payload = decode_payload(body);
  EXPECT_TRUE(payload.complete);
  EXPECT_EQ(payload.packets,
            (std::vector<EnginePacket>{
                text("one"), {EngineType::message, "\1", true}, {EngineType::pong, "", false}}));
}

TEST(EnginePayload, EndsAtTheFirstBrokenPacket) {
  for (const std::string_view body : {"4one\x1e",
                                      "4one\x1e"
                                      "8\x1e"
                                      "4two",
                                      "4one\x1e\x1e"
                                      "4two"}) {
    const EnginePayload payload = decode_payload(body);
    EXPECT_FALSE(payload.complete) << body;
    EXPECT_EQ(payload.packets, std::vector<EnginePacket>{text("one")}) << body;
  }
  EXPECT_FALSE(decode_payload("").complete);
}

}  // namespace
}  // namespace chat::gateway::engineio
