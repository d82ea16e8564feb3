#include "gateway/tls/server_identity.hpp"

#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/log/log.hpp"
#include "common/log/timestamp.hpp"

namespace chat::gateway::tls {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::array reasons{"plain_http", "timeout", "closed", "rejected", "protocol"};

std::array<prometheus::Counter*, reasons.size()> failure_counters(Metrics& metrics) {
  std::array<prometheus::Counter*, reasons.size()> counters{};
  for (std::size_t i = 0; i < reasons.size(); ++i)
    counters[i] =
        &metrics.counter("chat_tls_handshake_failures_total",
                         "TLS handshakes of clients that failed, by reason", {{"reason", reasons[i]}});
  return counters;
}

}  // namespace

ServerIdentity::ServerIdentity(std::string chain_file, std::string key_file, Metrics& metrics)
    : chain_file_(std::move(chain_file)),
      key_file_(std::move(key_file)),
      expiry_(metrics.gauge("chat_tls_certificate_expiry_timestamp_seconds",
                            "Unix time at which the certificate ends that clients are shown")),
      failures_(failure_counters(metrics)) {
  auto loaded = Certificate::load(chain_file_, key_file_);
  if (!loaded) throw std::runtime_error(loaded.error().message + ".");
  use(*std::move(loaded));
}

void ServerIdentity::reload() noexcept {
  try {
    auto loaded = Certificate::load(chain_file_, key_file_);
    if (loaded) return use(*std::move(loaded));
    log::error(
        "SIGHUP: the certificate was not loaded anew, and the old one is served on",
        {{"reason", loaded.error().message}, {"not_after", log::timestamp(certificate()->not_after())}});
  } catch (const std::exception&) {
    return;  // out of memory; the old certificate stays
  }
}

void ServerIdentity::use(std::shared_ptr<const Certificate> certificate) {
  const auto end = certificate->not_after();
  const bool has_expired = end <= Clock::now();
  const std::string not_after = log::timestamp(end);
  log::write(has_expired ? log::Level::warning : log::Level::info,
             has_expired ? "the TLS certificate has expired: clients refuse it until SIGHUP loads a newer one"
                         : "TLS certificate loaded",
             {{"subject", certificate->subject()},
              {"not_after", not_after},
              {"sha256", certificate->fingerprint()}});
  expiry_.Set(std::chrono::duration<double>(end.time_since_epoch()).count());
  const std::lock_guard lock(mutex_);
  certificate_ = std::move(certificate);
}

std::shared_ptr<const Certificate> ServerIdentity::certificate() const {
  const std::lock_guard lock(mutex_);
  return certificate_;
}

void ServerIdentity::count(HandshakeFailure failure) const {
  failures_.at(static_cast<std::size_t>(failure))->Increment();
}

}  // namespace chat::gateway::tls
