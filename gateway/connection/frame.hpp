// Encoded WebSocket frames. A frame for many clients is encoded once and shared by all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace chat::gateway::ws {

/// RFC 6455 section 5.2.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Header and payload of one unmasked, final frame (RFC 6455 section 5.2). Shared between threads, never
/// changed.
using FrameBytes = std::shared_ptr<const std::string>;

FrameBytes encode_frame(Opcode opcode, std::string_view payload);

/// The payload of a frame that encode_frame made; a view into it.
std::string_view payload_of(std::string_view frame);

/// A Close frame (RFC 6455 section 5.5.1); a reason over 123 bytes is cut between two characters.
FrameBytes encode_close(std::uint16_t code, std::string_view reason);

/// One worker's handle on shared bytes. Its count is not atomic: a frame goes to hundreds of members of one
/// worker, and an atomic count that two workers share would cost more than the send.
struct Frame : boost::intrusive_ref_counter<Frame, boost::thread_unsafe_counter> {
  explicit Frame(FrameBytes frame_bytes) : bytes(std::move(frame_bytes)) {}

  std::string_view view() const { return *bytes; }

  const FrameBytes bytes;
};

/// For the worker that made it only.
using FrameRef = boost::intrusive_ptr<const Frame>;

inline FrameRef make_frame(FrameBytes bytes) {
  return FrameRef(new Frame(std::move(bytes)));
}
inline FrameRef make_frame(Opcode opcode, std::string_view payload) {
  return make_frame(encode_frame(opcode, payload));
}

}  // namespace chat::gateway::ws
