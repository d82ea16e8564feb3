// The TLS state of one connection: turns bytes into records on a non-blocking descriptor, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <openssl/ssl.h>
#include <sys/uio.h>

#include "gateway/loop/record_buffer.hpp"
#include "gateway/tls/certificate.hpp"

namespace chat::gateway::tls {

/// Why there was no handshake.
enum class HandshakeFailure {
  plain_http,  // the client spoke HTTP without TLS
  timeout,     // it was cut at its deadline
  closed,      // it left
  rejected,    // it sent an alert: it does not trust the certificate
  protocol     // no common version or cipher, no HTTP/1.1, or no TLS at all
};

enum class Outcome {
  done,
  wants_read,   // again once the descriptor can be read
  wants_write,  // again once it can be written
  ended,        // the client has ended its side in order
  failed        // the connection is of no use any more
};

/// What a call achieved. `bytes` is above 0 only with done.
struct Progress {
  Outcome outcome = Outcome::failed;
  std::size_t bytes = 0;
};

/// Used by one thread at a time. Does not own the descriptor. No call blocks.
class Channel {
 public:
  /// `descriptor` is non-blocking and connected. Throws std::bad_alloc.
  Channel(const Certificate& certificate, int descriptor);

  /// To be called until it is done, before anything else.
  Progress shake_hands();

  /// After a shake_hands() that ended or failed.
  HandshakeFailure failure() const { return failure_; }

  Progress read(void* to, std::size_t size);

  /// Whether read() would give something: done, ended or failed. Takes nothing.
  Progress peek();

  /// Writes at most one record. After wants_write OpenSSL holds the record: the next call must begin with the
  /// same bytes and have no fewer, and counts them as written then. They may be at another place.
  Progress write(const void* from, std::size_t size);

  /// The same for as much of `parts` as one record takes; `joined` is where they are put together.
  Progress write(std::span<const iovec> parts, loop::RecordBuffer& joined);

  /// The bytes that the last write() gave to OpenSSL and that are not yet counted as written.
  std::size_t pending_bytes() const { return pending_bytes_; }

  /// The bytes of records that the kernel took since the start.
  std::uint64_t bytes_out() const;

  /// Sends close_notify, if the kernel takes it at once (RFC 8446 section 6.1).
  void say_goodbye();

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  Progress progress_of(int result, std::size_t bytes);

  std::unique_ptr<SSL, Free> ssl_;
  std::size_t pending_bytes_ = 0;
  HandshakeFailure failure_ = HandshakeFailure::closed;
  bool is_broken_ = false;
};

}  // namespace chat::gateway::tls
