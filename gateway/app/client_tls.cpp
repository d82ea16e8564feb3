#include "gateway/app/client_tls.hpp"

#include <csignal>
#include <utility>

#include "common/log/log.hpp"

namespace chat::gateway {

std::optional<std::string> fault_of_tls_settings(const GatewaySettings& settings) {
  const std::string& chain = settings.tls_certificate_file;
  const std::string& key = settings.tls_key_file;
  if (chain.empty() && key.empty()) return std::nullopt;
  if (key.empty()) return "TLS_CERTIFICATE_FILE is set without TLS_KEY_FILE; set both or neither";
  if (chain.empty()) return "TLS_KEY_FILE is set without TLS_CERTIFICATE_FILE; set both or neither";
  const auto loaded = tls::Certificate::load(chain, key);
  if (loaded) return std::nullopt;
  return loaded.error().message;
}

std::shared_ptr<tls::ServerIdentity> make_identity(const GatewaySettings& settings, Metrics& metrics) {
  if (settings.tls_certificate_file.empty()) return nullptr;
  return std::make_shared<tls::ServerIdentity>(settings.tls_certificate_file, settings.tls_key_file, metrics);
}

std::function<void(int)> handler_of_other_signals(std::shared_ptr<tls::ServerIdentity> identity) {
  return [identity = std::move(identity)](int number) {
    log::on_signal(number);
    if (number == SIGHUP && identity) identity->reload();
  };
}

}  // namespace chat::gateway
