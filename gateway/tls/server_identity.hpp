// The certificate that the gateway serves, which may be replaced while it runs.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "common/metrics/metrics.hpp"
#include "gateway/tls/certificate.hpp"
#include "gateway/tls/channel.hpp"

namespace chat::gateway::tls {

/// Any thread.
class ServerIdentity {
 public:
  /// Loads the certificate and logs whose it is and when it ends. Throws std::runtime_error with one
  /// sentence.
  ServerIdentity(std::string chain_file, std::string key_file, Metrics& metrics);

  /// Loads both files anew, for new connections. Where that fails, the old certificate stays and the log says
  /// so.
  void reload() noexcept;

  /// The newest certificate.
  std::shared_ptr<const Certificate> certificate() const;

  /// chat_tls_handshake_failures_total{reason}.
  void count(HandshakeFailure failure) const;

 private:
  void use(std::shared_ptr<const Certificate> certificate);

  const std::string chain_file_;
  const std::string key_file_;
  prometheus::Gauge& expiry_;
  std::array<prometheus::Counter*, 5> failures_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Certificate> certificate_;  // guarded by mutex_
};

}  // namespace chat::gateway::tls
