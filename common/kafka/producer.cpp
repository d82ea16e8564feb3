#include "common/kafka/producer.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>

#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/properties.hpp"

namespace chat::kafka {
namespace {

int to_int(std::chrono::milliseconds wait) {
  return static_cast<int>(wait.count());
}

// librdkafka's C++ functions take it without const and do not write to it.
void* payload_of(std::string_view bytes) {
  return const_cast<char*>(bytes.data());
}

constexpr std::size_t default_batch_bytes = 1'000'000;  // librdkafka's

DeliveryFault fault_of(RdKafka::ErrorCode error) {
  switch (error) {
    case RdKafka::ERR_MSG_SIZE_TOO_LARGE:
    case RdKafka::ERR_RECORD_LIST_TOO_LARGE:
      return DeliveryFault::batch_too_large;
    case RdKafka::ERR__PURGE_QUEUE:
    case RdKafka::ERR__PURGE_INFLIGHT:
      return DeliveryFault::abandoned;
    case RdKafka::ERR_INVALID_RECORD:
      return DeliveryFault::batch_invalid;
    default:
      return DeliveryFault::passing;
  }
}

class Reports : public RdKafka::DeliveryReportCb {
 public:
  Reports(Producer::OnReport on_report, ClientEvents& events)
      : on_report_(std::move(on_report)), events_(events) {}

  void dr_cb(RdKafka::Message& message) override {
    const bool is_durable =
        message.err() == RdKafka::ERR_NO_ERROR && message.status() == RdKafka::Message::MSG_STATUS_PERSISTED;
    if (is_durable) {
      events_.saw_broker();
      on_report_({message.msg_opaque(), true, {}});
    } else {
      on_report_({message.msg_opaque(), false, message.errstr(), fault_of(message.err()), message.err()});
    }
  }

  /// From any thread.
  void add_unsent(void* tag) {
    const std::lock_guard lock(mutex_);
    unsent_.push_back(tag);
  }

  void report_unsent() {
    std::vector<void*> unsent;
    {
      const std::lock_guard lock(mutex_);
      unsent.swap(unsent_);
    }
    for (void* const tag : unsent)
      on_report_({tag, false, "the record is larger than message.max.bytes of the gateway's Kafka client",
                  DeliveryFault::record_too_large, RdKafka::ERR_MSG_SIZE_TOO_LARGE});
  }

 private:
  Producer::OnReport on_report_;
  ClientEvents& events_;
  std::mutex mutex_;
  std::vector<void*> unsent_;
};

}  // namespace

// Destroyed from the bottom up: the topic before the producer, the producer before what it calls.
struct Producer::Impl {
  Impl(const config::KafkaSettings& settings, const ProducerOptions& options, OnReport on_report,
       Metrics& metrics)
      : events(settings, options.name, &metrics),
        reports(std::move(on_report), events),
        name(options.topic) {}

  bool is_queued(RdKafka::ErrorCode error, void* tag) {
    if (error == RdKafka::ERR_MSG_SIZE_TOO_LARGE) reports.add_unsent(tag);
    return error == RdKafka::ERR_NO_ERROR || error == RdKafka::ERR_MSG_SIZE_TOO_LARGE;
  }

  ClientEvents events;
  Reports reports;
  const std::string name;
  std::unique_ptr<RdKafka::Producer> producer;
  std::unique_ptr<RdKafka::Topic> topic;
};

Result<std::unique_ptr<Producer>> Producer::make(const config::KafkaSettings& settings,
                                                 const ProducerOptions& options, OnReport on_report,
                                                 Metrics& metrics) {
  auto properties = properties_for(settings, Role::producer, options.client_id);
  if (!properties) return properties.error();
  properties->emplace_back("queue.buffering.max.messages", std::to_string(options.max_records));
  properties->emplace_back("queue.buffering.max.kbytes", std::to_string(options.max_kibibytes));
  if (options.max_batch_bytes > 0)
    properties->emplace_back("batch.size", std::to_string(options.max_batch_bytes));
  auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, options, std::move(on_report), metrics);
  impl->events.attach(**conf);
  set_callback<RdKafka::DeliveryReportCb>(**conf, "dr_cb", &impl->reports);
  std::string reason;
  impl->producer.reset(RdKafka::Producer::create(conf->get(), reason));
  if (!impl->producer) return Error{"the Kafka producer cannot be made: " + reason};
  impl->topic.reset(RdKafka::Topic::create(impl->producer.get(), options.topic, nullptr, reason));
  if (!impl->topic) return Error{"the Kafka producer cannot use topic " + options.topic + ": " + reason};
  return std::unique_ptr<Producer>(new Producer(std::move(impl)));
}

Producer::Producer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Producer::~Producer() = default;

bool Producer::produce(std::string_view key, std::string_view value, void* tag) {
  const auto error = impl_->producer->produce(impl_->topic.get(), RdKafka::Topic::PARTITION_UA,
                                              RdKafka::Producer::RK_MSG_COPY, payload_of(value), value.size(),
                                              key.data(), key.size(), tag);
  return impl_->is_queued(error, tag);
}

bool Producer::produce(std::string_view key, std::string_view value, const Headers& headers, void* tag) {
  std::unique_ptr<RdKafka::Headers> list(RdKafka::Headers::create());
  for (const auto& [header, content] : headers) list->add(header, content);
  constexpr std::int64_t now = 0;
  const auto error =
      impl_->producer->produce(impl_->name, RdKafka::Topic::PARTITION_UA, RdKafka::Producer::RK_MSG_COPY,
                               payload_of(value), value.size(), key.data(), key.size(), now, list.get(), tag);
  if (error != RdKafka::ERR_NO_ERROR) return impl_->is_queued(error, tag);
  // It belongs to librdkafka once the record is queued.
  static_cast<void>(list.release());
  return true;
}

void Producer::poll(std::chrono::milliseconds wait) {
  impl_->producer->poll(to_int(wait));
  impl_->reports.report_unsent();
}

void Producer::abandon(std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  impl_->producer->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
  while (impl_->producer->outq_len() > 0 && std::chrono::steady_clock::now() < deadline)
    impl_->producer->poll(10);
  impl_->reports.report_unsent();
}

std::size_t Producer::batch_bytes_of(const config::KafkaSettings& settings) {
  std::size_t bytes = default_batch_bytes;
  for (const char* name : {"batch.size", "message.max.bytes"}) {
    const auto found = settings.conf.find(name);
    std::size_t value = 0;
    if (found != settings.conf.end() &&
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value).ec ==
            std::errc{})
      bytes = std::min(bytes, value);
  }
  return bytes;
}

std::optional<std::string> Producer::fatal_error() const {
  std::string reason;
  if (impl_->producer->fatal_error(reason) == RdKafka::ERR_NO_ERROR) return std::nullopt;
  return reason;
}

bool Producer::has_broker() const {
  return impl_->events.has_broker();
}

}  // namespace chat::kafka
