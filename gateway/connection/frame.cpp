#include "gateway/connection/frame.hpp"

namespace chat::gateway::ws {
namespace {

constexpr std::size_t largest_7_bit_length = 125;
constexpr std::size_t largest_16_bit_length = 0xFFFF;

char low_byte(std::size_t value) {
  return static_cast<char>(static_cast<unsigned char>(value & 0xFF));
}

void append_big_endian(std::string& out, std::size_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(low_byte(value >> shift));
}

}  // namespace

FrameBytes encode_frame(Opcode opcode, std::string_view payload) {
  constexpr std::size_t final_bit = 0x80;
  std::string out;
  out.reserve(payload.size() + 10);
  out.push_back(low_byte(final_bit | static_cast<std::size_t>(opcode)));
  if (payload.size() <= largest_7_bit_length) {
    out.push_back(low_byte(payload.size()));
  } else if (payload.size() <= largest_16_bit_length) {
    out.push_back(126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(127);
    append_big_endian(out, payload.size(), 8);
  }
  out.append(payload);
  return std::make_shared<const std::string>(std::move(out));
}

std::string_view payload_of(std::string_view frame) {
  switch (static_cast<unsigned char>(frame[1])) {
    case 126:
      return frame.substr(4);
    case 127:
      return frame.substr(10);
    default:
      return frame.substr(2);
  }
}

FrameBytes encode_close(std::uint16_t code, std::string_view reason) {
  constexpr std::size_t longest_reason = largest_7_bit_length - 2;
  std::size_t length = reason.size();
  if (length > longest_reason) {
    length = longest_reason;
    while (length > 0 && (static_cast<unsigned char>(reason[length]) & 0xC0) == 0x80) --length;
  }
  std::string payload;
  append_big_endian(payload, code, 2);
  payload.append(reason.substr(0, length));
  return encode_frame(Opcode::close, payload);
}

}  // namespace chat::gateway::ws
