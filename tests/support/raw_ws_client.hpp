// A client that sends hand-made bytes and shows what comes back, byte for byte.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace chat::test {

inline constexpr std::uint8_t final_bit = 0x80;
inline constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 section 1.3

struct RawFrame {
  std::uint8_t first = 0;  // FIN, RSV and opcode as they came
  std::string payload;

  std::uint8_t opcode() const { return first & 0x0F; }
  bool is_close() const { return opcode() == 8; }

  /// 0 for a Close without a code.
  std::uint16_t close_code() const {
    if (payload.size() < 2) return 0;
    return static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) * 256 +
                                      static_cast<unsigned char>(payload[1]));
  }
};

/// A client's frame, masked unless told otherwise. `first` holds FIN, RSV and opcode.
inline std::string client_frame(std::uint8_t first, std::string_view payload, bool masked = true) {
  constexpr std::string_view mask = "\x11\x22\x33\x44";
  const auto byte = [](std::size_t value) {
    return static_cast<char>(static_cast<unsigned char>(value & 0xFF));
  };
  const std::size_t mask_bit = masked ? 0x80 : 0;
  std::string out(1, byte(first));
  if (payload.size() < 126) {
    out.push_back(byte(mask_bit | payload.size()));
  } else {
    const bool is_short = payload.size() <= 0xFFFF;
    out.push_back(byte(mask_bit | (is_short ? 126U : 127U)));
    for (int shift = is_short ? 8 : 56; shift >= 0; shift -= 8) out.push_back(byte(payload.size() >> shift));
  }
  if (!masked) return out.append(payload);
  out.append(mask);
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return out;
}

inline std::string client_text(std::string_view payload) {
  return client_frame(final_bit | 1, payload);
}

inline std::string client_close(std::uint16_t code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return client_frame(final_bit | 8, payload.append(reason));
}

inline std::string upgrade_request(std::string_view path, std::string_view further_headers = {}) {
  std::string request = "GET ";
  request.append(path).append(
      " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  request.append("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ").append(sample_key).append("\r\n");
  return request.append(further_headers).append("\r\n");
}

/// Blocking; every wait ends after 10 s with an exception.
class RawWsClient {
 public:
  /// `receive_buffer`: SO_RCVBUF in bytes, 0 for the kernel's choice.
  explicit RawWsClient(std::uint16_t port, int receive_buffer = 0)
      : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval timeout{10, 0};
    const int on = 1;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) {
      ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      const std::string reason = std::strerror(errno);
      close();
      throw std::runtime_error("cannot connect: " + reason);
    }
  }

  virtual ~RawWsClient() { close(); }
  RawWsClient(RawWsClient&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}
  RawWsClient& operator=(RawWsClient&&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = put(bytes);
      if (sent <= 0) throw std::runtime_error("cannot send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Sends the upgrade and gives the answer's header.
  std::string upgrade(std::string_view path = "/ws", std::string_view further_headers = {}) {
    send(upgrade_request(path, further_headers));
    return read_header();
  }

  /// Up to and with the empty line.
  std::string read_header() {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) throw std::runtime_error("the connection ended inside a header: " + buffer_);
    }
    return take(end + 4);
  }

  /// A response's header and body, by its Content-Length; `is_head`: no body comes.
  std::string read_response(bool is_head = false) {
    std::string response = read_header();
    constexpr std::string_view name = "Content-Length: ";
    const std::size_t at = response.find(name);
    if (is_head || at == std::string::npos) return response;
    const std::size_t length = std::stoul(response.substr(at + name.size()));
    return response + read_exactly(length);
  }

  /// Nothing when the connection ended in front of a frame.
  std::optional<RawFrame> read_frame() {
    if (buffer_.empty() && !receive()) return std::nullopt;
    RawFrame frame;
    std::string head = read_exactly(2);
    frame.first = static_cast<std::uint8_t>(head[0]);
    std::size_t length = static_cast<unsigned char>(head[1]);
    if (length > 127) throw std::runtime_error("the server masked a frame");
    if (length >= 126) {
      const std::string extended = read_exactly(length == 126 ? 2 : 8);
      length = 0;
      for (const char c : extended) length = length << 8 | static_cast<unsigned char>(c);
    }
    frame.payload = read_exactly(length);
    return frame;
  }

  /// Whether the connection ended, in order or by a reset; throws when something else comes.
  bool is_at_end() {
    if (!buffer_.empty()) throw std::runtime_error("more came: " + buffer_);
    if (receive()) throw std::runtime_error("more came: " + buffer_);
    return true;
  }

  bool was_reset() const { return was_reset_; }

  void shutdown_write() { ::shutdown(descriptor_, SHUT_WR); }

  /// Closes by a reset, as a process that vanishes does.
  void abort() {
    const linger option{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &option, sizeof option);
    close();
  }

  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 protected:
  int descriptor() const { return descriptor_; }

  /// As send() and recv().
  virtual ssize_t put(std::string_view bytes) {
    return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  virtual ssize_t get(char* to, std::size_t size) { return ::recv(descriptor_, to, size, 0); }

 private:
  std::string take(std::size_t bytes) {
    std::string taken = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return taken;
  }

  std::string read_exactly(std::size_t bytes) {
    while (buffer_.size() < bytes) {
      if (!receive()) throw std::runtime_error("the connection ended inside a frame");
    }
    return take(bytes);
  }

  bool receive() {
    char chunk[65536];
    const ssize_t size = get(chunk, sizeof chunk);
    if (size > 0) {
      buffer_.append(chunk, static_cast<std::size_t>(size));
      return true;
    }
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw std::runtime_error("nothing came for 10 s");
    was_reset_ = size < 0;
    return false;
  }

  int descriptor_;
  std::string buffer_;
  bool was_reset_ = false;
};

}  // namespace chat::test
