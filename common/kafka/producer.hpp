// An idempotent producer: takes records, and reports their delivery from poll().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/headers.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::kafka {

struct ProducerOptions {
  std::string client_id;  // as the brokers see it
  std::string name;       // in our logs and metrics
  std::string topic;
  std::size_t max_records = 100'000;
  std::size_t max_kibibytes = 256 * 1024;
  std::size_t max_batch_bytes = 0;  // of records sent together; 0: batch_bytes_of(settings)
};

/// Why a record was not written. librdkafka tries again by itself where that helps at once.
enum class DeliveryFault {
  none,
  abandoned,         // by abandon()
  passing,           // it may be taken when it is produced again
  batch_too_large,   // Kafka takes no batch of that size
  record_too_large,  // the client's own limit (message.max.bytes) is below the record: it was not sent
  batch_invalid,     // a record of the batch breaks a rule of the topic
};

/// What became of one record. Views live during the call only.
struct DeliveryReport {
  void* tag;
  bool is_durable;         // written by all that acks=all asks for
  std::string_view error;  // why not
  DeliveryFault fault = DeliveryFault::none;
  int error_number = 0;  // librdkafka's, for trouble_of_error()
};

/// acks=all, idempotent, a record never times out. Records of one key keep the order of their
/// produce() calls. produce() from any thread, the rest from one. Destroying it drops what is queued without
/// reports.
class Producer {
 public:
  using OnReport = std::function<void(const DeliveryReport&)>;

  /// `on_report` runs inside poll(), abandon() and nowhere else. The error is a sentence for the start.
  static Result<std::unique_ptr<Producer>> make(const config::KafkaSettings& settings,
                                                const ProducerOptions& options, OnReport on_report,
                                                Metrics& metrics);
  ~Producer();

  /// Copies key and value and queues them; never waits. False when librdkafka's queue is full or the producer
  /// is beyond use: then no report comes. A record over the client's own limit gets its report from the next
  /// poll().
  bool produce(std::string_view key, std::string_view value, void* tag);
  bool produce(std::string_view key, std::string_view value, const Headers& headers, void* tag);

  /// Runs the reports and events that have come, waiting at most `wait` for the first.
  void poll(std::chrono::milliseconds wait);

  /// Ends every record that is queued or in flight with a report that is not durable, unless a good one comes
  /// in meanwhile; for at most `wait`.
  void abandon(std::chrono::milliseconds wait);

  /// Why this producer will never send again; make another.
  std::optional<std::string> fatal_error() const;

  /// How large the batches of a client with these settings are.
  static std::size_t batch_bytes_of(const config::KafkaSettings& settings);

  /// False from the loss of all brokers until a report or the statistics (every 5 s) show one. Any thread.
  bool has_broker() const;

 private:
  struct Impl;
  explicit Producer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
