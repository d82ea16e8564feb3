#include "common/kafka/client_events.hpp"

#include <utility>

#include <prometheus/counter.h>

#include "common/base/certificate_fault.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/plain_reason.hpp"
#include "common/kafka/properties.hpp"
#include "common/log/log.hpp"

namespace chat::kafka {
namespace {

log::Level level_of(RdKafka::Event::Severity severity) {
  if (severity <= RdKafka::Event::EVENT_SEVERITY_CRITICAL) return log::Level::error;
  if (severity <= RdKafka::Event::EVENT_SEVERITY_WARNING) return log::Level::warning;
  if (severity <= RdKafka::Event::EVENT_SEVERITY_INFO) return log::Level::info;
  return log::Level::debug;
}

}  // namespace

ClientEvents::ClientEvents(const config::KafkaSettings& settings, std::string client, Metrics* metrics)
    : client_(std::move(client)), secrets_(secrets_of(settings)) {
  if (metrics == nullptr) return;
  statistics_ = std::make_unique<StatisticsMetrics>(*metrics, client_);
  offset_resets_ = &offset_resets(*metrics, client_);
}

void ClientEvents::attach(RdKafka::Conf& conf) {
  set_callback<RdKafka::EventCb>(conf, "event_cb", this);
  set_callback<RdKafka::SslCertificateVerifyCb>(conf, "ssl_cert_verify_cb", this);
}

bool ClientEvents::ssl_cert_verify_cb(const std::string&, std::int32_t, int* x509_error, int, const char*,
                                      std::size_t, std::string& reason) {
  if (*x509_error == 0) return true;
  reason = certificate_fault(*x509_error);
  const std::lock_guard lock(mutex_);
  certificate_fault_ = reason;
  return false;
}

void ClientEvents::event_cb(RdKafka::Event& event) {
  switch (event.type()) {
    case RdKafka::Event::EVENT_ERROR:
      on_error(event);
      break;
    case RdKafka::Event::EVENT_LOG:
      on_log(event);
      break;
    case RdKafka::Event::EVENT_STATS:
      if (const auto statistics = parse_statistics(event.str())) {
        if (statistics->has_broker) saw_broker();
        if (statistics_) statistics_->set(*statistics);
      }
      break;
    default:
      break;
  }
}

void ClientEvents::on_log(RdKafka::Event& event) {
  const std::string facility = event.fac();
  // Logged by librdkafka only where an error, not a first start, made it begin elsewhere.
  if (facility == "OFFSET" && event.severity() <= RdKafka::Event::EVENT_SEVERITY_WARNING) {
    if (offset_resets_ != nullptr) offset_resets_->Increment();
    log::error("Kafka no longer has the offset to go on from: records may have expired unread",
               {{"client", client_}, {"reason", masked(event.str())}});
    return;
  }
  log::write(level_of(event.severity()), "Kafka client",
             {{"client", client_}, {"facility", facility}, {"reason", masked(event.str())}});
}

void ClientEvents::on_error(RdKafka::Event& event) {
  const std::string reason = masked(event.str());
  if (event.err() == RdKafka::ERR__ALL_BROKERS_DOWN) {
    if (has_broker_.exchange(false))
      log::warning("no Kafka broker can be reached; trying again", {{"client", client_}});
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    const bool is_tls = event.err() == RdKafka::ERR__SSL || is_of_tls(reason);
    last_error_ = is_tls ? RdKafka::ERR__SSL : event.err();
    last_reason_ = is_tls && !certificate_fault_.empty() ? certificate_fault_ : plain_reason(reason);
  }
  log::write(event.fatal() ? log::Level::error : log::Level::warning, "Kafka error",
             {{"client", client_}, {"error", RdKafka::err2str(event.err())}, {"reason", reason}});
}

RdKafka::ErrorCode ClientEvents::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

std::string ClientEvents::last_reason() const {
  const std::lock_guard lock(mutex_);
  return last_reason_;
}

std::string ClientEvents::masked(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace chat::kafka
