// TLS of one connection to Redis. The only file that knows OpenSSL and hiredis's part for it, which older
// hiredis lack.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.hpp"

struct redisAsyncContext;

namespace chat::redis {

/// Everything on the connection's thread.
class TlsSession {
 public:
  /// The server's certificate must be of an authority in `ca_file` (PEM; empty: the system's) and for `host`,
  /// a name or an address. The error says why there can be no TLS: a file that cannot be read, or a build
  /// without it.
  static Result<std::unique_ptr<TlsSession>> make(const std::string& host, const std::string& ca_file);
  ~TlsSession();

  /// Begins on a connection that TCP has just made; what is sent from here on waits for the handshake.
  bool begin(redisAsyncContext& context);

  /// Whether the handshake is done; what ends the connection before is its failure.
  bool is_agreed() const;

  /// Why it failed, for an operator; empty where TLS does not know.
  std::string fault() const;

  /// Whether decrypted bytes wait that the socket no longer has.
  bool has_bytes() const;

  /// Before each call of hiredis: it reads the thread's errors, which may be left from others that use
  /// OpenSSL.
  static void forget_errors();

 private:
  struct Impl;
  explicit TlsSession(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::redis
