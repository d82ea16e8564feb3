// Socket.IO 5 packets (socket.io-protocol, revision 5): their text, and their binary attachments. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace chat::gateway::socketio {

/// An event or ack with binary data is marked as such on the wire only.
enum class SocketType : std::uint8_t { connect = 0, disconnect = 1, event = 2, ack = 3, connect_error = 4 };

struct SocketPacket {
  SocketType type = SocketType::event;
  std::string nsp = "/";            // of the namespace
  std::optional<std::uint64_t> id;  // of the ack that is wanted, or that this is
  nlohmann::json data;              // null where there is none; binary values are json::binary

  bool operator==(const SocketPacket&) const = default;
};

/// A packet as it goes out: one text, then its attachments in order.
struct EncodedSocketPacket {
  std::string text;
  std::vector<std::string> attachments;
};
EncodedSocketPacket encode_socket_packet(const SocketPacket& packet);

/// What a decoder accepts before it calls a packet broken.
struct SocketDecoderLimits {
  std::size_t depth = 64;                    // of nested arrays and objects
  std::size_t attachments = 64;              // of one packet
  std::size_t attachment_bytes = 1'000'000;  // of all of one packet, as often as it names them
};

/// Puts the messages of one connection together to packets, as the reference parser does. After a failure the
/// connection is to be closed; the decoder must not be used any more.
class SocketDecoder {
 public:
  enum class Outcome { packet, needs_attachments, failed };

  explicit SocketDecoder(SocketDecoderLimits limits = {}) : limits_(limits) {}

  Outcome add_text(std::string_view text);
  Outcome add_binary(std::string_view bytes);

  /// The packet after Outcome::packet.
  SocketPacket take();

  /// Whether an event or ack waits for attachments.
  bool is_waiting() const { return expected_ > 0; }

 private:
  Outcome complete();

  SocketDecoderLimits limits_;
  SocketPacket packet_;
  std::string text_;  // of the data, while attachments are awaited
  std::size_t expected_ = 0;
  std::size_t attached_bytes_ = 0;
  std::vector<std::string> attachments_;
};

}  // namespace chat::gateway::socketio
