// A certificate with its key, and the TLS settings under which it is served.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "common/base/result.hpp"

namespace chat::gateway::tls {

/// Never changed; any thread. Connections that were made with it do not need it any more.
class Certificate {
 public:
  /// Reads a chain in PEM, the server's certificate first, and its key in PEM. An error is one sentence that
  /// names the setting and the file, and holds nothing of their content.
  static Result<std::shared_ptr<const Certificate>> load(const std::string& chain_file,
                                                         const std::string& key_file);

  /// A new server side of a connection, without a descriptor. Throws std::bad_alloc.
  SSL* make_server() const;

  const std::string& subject() const { return subject_; }          // as RFC 4514 writes a name
  const std::string& fingerprint() const { return fingerprint_; }  // SHA-256 in hexadecimal digits
  std::chrono::system_clock::time_point not_after() const { return not_after_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using Context = std::unique_ptr<SSL_CTX, Free>;

  explicit Certificate(Context context);

  Context context_;
  std::string subject_;
  std::string fingerprint_;
  std::chrono::system_clock::time_point not_after_;
};

}  // namespace chat::gateway::tls
