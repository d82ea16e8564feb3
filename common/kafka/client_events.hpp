// Turns librdkafka's logs, errors and statistics into ours. Included inside common/kafka only.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <librdkafka/rdkafkacpp.h>

#include "common/config/service_settings.hpp"
#include "common/kafka/statistics.hpp"

namespace prometheus {
class Counter;
}  // namespace prometheus

namespace chat::kafka {

/// Called by librdkafka from its own threads (logs) and from poll (errors, statistics); so every member may
/// be used from any thread. Secrets of the settings never reach a log.
class ClientEvents : public RdKafka::EventCb, public RdKafka::SslCertificateVerifyCb {
 public:
  /// `client` names the client in logs and metrics. Without metrics nothing is counted.
  ClientEvents(const config::KafkaSettings& settings, std::string client, Metrics* metrics);

  /// Makes it the one that hears of the client made of `conf`, which it must outlive.
  void attach(RdKafka::Conf& conf);

  void event_cb(RdKafka::Event& event) override;

  /// Keeps OpenSSL's verdict on a broker's certificate, and notes what is wrong with it.
  bool ssl_cert_verify_cb(const std::string& broker, std::int32_t broker_id, int* x509_error, int depth,
                          const char* certificate, std::size_t size, std::string& reason) override;

  /// False from the moment that all brokers were lost until one was seen again.
  bool has_broker() const { return has_broker_.load(std::memory_order_relaxed); }
  void saw_broker() { has_broker_.store(true, std::memory_order_relaxed); }

  /// The last error that says why no broker can be used: librdkafka's number, and one sentence without
  /// secrets.
  RdKafka::ErrorCode last_error() const;
  std::string last_reason() const;

 private:
  void on_log(RdKafka::Event& event);
  void on_error(RdKafka::Event& event);
  std::string masked(std::string text) const;

  const std::string client_;
  const std::vector<std::string> secrets_;
  std::unique_ptr<StatisticsMetrics> statistics_;
  prometheus::Counter* offset_resets_ = nullptr;
  std::atomic<bool> has_broker_{true};
  mutable std::mutex mutex_;
  RdKafka::ErrorCode last_error_ = RdKafka::ERR_NO_ERROR;
  std::string last_reason_;
  std::string certificate_fault_;  // of the last certificate that was refused
};

}  // namespace chat::kafka
