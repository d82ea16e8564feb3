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

/// On the wire, events and acks with binary data have types of their own.
enum class SocketType : std::uint8_t { connect = 0, disconnect = 1, event = 2, ack = 3, connect_error = 4 };

struct SocketPacket {
  SocketType type = SocketType::event;
  std::string nsp = "/";            // the namespace
  std::optional<std::uint64_t> id;  // of an ack, or of an event whose sender wants one
  nlohmann::json data;              // null for none; binary values are json::binary

  bool operator==(const SocketPacket&) const = default;
};

/// A packet as it is sent: one text, then its attachments in order.
struct EncodedSocketPacket {
  std::string text;
  std::vector<std::string> attachments;
};
EncodedSocketPacket encode_socket_packet(const SocketPacket& packet);

/// The bounds above which a packet counts as broken.
struct SocketDecoderLimits {
  std::size_t depth = 64;                    // of nested arrays and objects
  std::size_t attachments = 64;              // of one packet
  std::size_t attachment_bytes = 1'000'000;  // of one packet; one that is named twice counts twice
};

/// Reads packets from the messages of one connection, by the rules of the reference parser. After a failure
/// the caller closes the connection and no longer uses the decoder.
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
  std::string text_;  // the data, while attachments are still to come
  std::size_t expected_ = 0;
  std::size_t attached_bytes_ = 0;
  std::vector<std::string> attachments_;
};

}  // namespace chat::gateway::socketio
