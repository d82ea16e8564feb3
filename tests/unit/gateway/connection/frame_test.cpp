#include "gateway/connection/frame.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::ws {
namespace {

using namespace std::string_literals;

std::string head_of(std::size_t payload_size, std::size_t head_size) {
  const std::string payload(payload_size, 'x');
  const FrameBytes frame = encode_frame(Opcode::text, payload);
  EXPECT_EQ(frame->size(), head_size + payload_size);
  EXPECT_EQ(frame->substr(head_size), payload);
  EXPECT_EQ(payload_of(*frame), payload);
  return frame->substr(0, head_size);
}

TEST(EncodeFrame, UsesTheShortestLengthForm) {
  EXPECT_EQ(head_of(0, 2), "\x81\x00"s);
  EXPECT_EQ(head_of(125, 2), "\x81\x7D"s);
  EXPECT_EQ(head_of(126, 4), "\x81\x7E\x00\x7E"s);
  EXPECT_EQ(head_of(65535, 4), "\x81\x7E\xFF\xFF"s);
  EXPECT_EQ(head_of(65536, 10), "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST(EncodeFrame, PutsTheOpcodeBehindTheFinalBit) {
  EXPECT_EQ(*encode_frame(Opcode::binary, "a"), "\x82\x01"s + "a");
  EXPECT_EQ(*encode_frame(Opcode::ping, {}), "\x89\x00"s);
}

TEST(EncodeClose, HoldsCodeAndReason) {
  EXPECT_EQ(*encode_close(4000, "slow"), "\x88\x06\x0F\xA0"s + "slow");
}

TEST(EncodeClose, CutsALongReasonBetweenTwoCharacters) {
  std::string reason(122, 'x');
  reason += "\xC3\xA9";  // its second byte would be the 124th
  const FrameBytes frame = encode_close(1000, reason);
  EXPECT_EQ(*frame, "\x88\x7C\x03\xE8"s + std::string(122, 'x'));
}

}  // namespace
}  // namespace chat::gateway::ws
