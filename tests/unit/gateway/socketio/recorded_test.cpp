// Packets as socket.io-client sent them, against what the reference parser reads in them
// (tests/support/record_socketio.mjs).
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/engineio/base64.hpp"
#include "gateway/engineio/engine_packet.hpp"
#include "gateway/socketio/socket_packet.hpp"
#include "tests/unit/gateway/engineio/payload.hpp"

namespace chat::gateway::socketio {
namespace {

using engineio::decode_base64;
using engineio::decode_packet;
using engineio::encode_base64;
using engineio::EngineCarrier;
using engineio::EnginePacket;
using engineio::EngineType;
using engineio::testing::decode_payload;
using engineio::testing::EnginePayload;

using nlohmann::json;

json recorded() {
  std::ifstream file(CHAT_RECORDED);
  return json::parse(file);
}

std::vector<EnginePacket> engine_packets(const std::string& carrier, const std::string& bytes) {
  if (carrier == "payload") {
    const EnginePayload payload = decode_payload(bytes);
    EXPECT_TRUE(payload.complete) << bytes;
    return payload.packets;
  }
  if (carrier == "binary frame") return {{EngineType::message, bytes, true}};
  const auto packet = decode_packet(bytes, EngineCarrier::frame);
  EXPECT_TRUE(packet) << bytes;
  return packet ? std::vector{*packet} : std::vector<EnginePacket>{};
}

/// In the recording's form: binary values as base64.
json plain(const json& value) {
  if (value.is_binary()) {
    const auto& bytes = value.get_binary();
    return {{"base64", encode_base64(std::string(bytes.begin(), bytes.end()))}};
  }
  if (!value.is_structured()) return value;
  json copy = value;
  for (json& each : copy) each = plain(each);
  return copy;
}

json plain(const SocketPacket& packet) {
  json made{{"type", static_cast<int>(packet.type)}, {"nsp", packet.nsp}};
  if (packet.id) made["id"] = *packet.id;
  if (!packet.data.is_null()) made["data"] = plain(packet.data);
  return made;
}

/// The reference tells binary events and acks apart from others on the wire only, as we do.
json expected(json packet) {
  if (packet["type"] == 5) packet["type"] = 2;
  if (packet["type"] == 6) packet["type"] = 3;
  return packet;
}

TEST(Recorded, EveryPacketIsReadAsTheReferenceReadsIt) {
  SocketDecoder decoder;
  std::size_t packets = 0;
  for (const json& record : recorded()) {
    const std::string bytes = *decode_base64(record["base64"].get<std::string>());
    json read = json::array();
    for (const EnginePacket& packet : engine_packets(record["carrier"], bytes)) {
      if (packet.type != EngineType::message) continue;
      const auto outcome = packet.binary ? decoder.add_binary(packet.data) : decoder.add_text(packet.data);
      ASSERT_NE(outcome, SocketDecoder::Outcome::failed) << bytes;
      if (outcome == SocketDecoder::Outcome::packet) read.push_back(plain(decoder.take()));
    }
    json wanted = json::array();
    for (const json& packet : record["packets"]) wanted.push_back(expected(packet));
    EXPECT_EQ(read, wanted) << bytes;
    packets += read.size();
  }
  EXPECT_GE(packets, 20U);
}

}  // namespace
}  // namespace chat::gateway::socketio
