#include "common/kafka/producer.hpp"

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
      on_report_({message.msg_opaque(), false, message.errstr()});
    }
  }

 private:
  Producer::OnReport on_report_;
  ClientEvents& events_;
};

}  // namespace

// Destroyed from the bottom up: the topic before the producer, the producer before what it calls (K19).
struct Producer::Impl {
  Impl(const config::KafkaSettings& settings, const ProducerOptions& options, OnReport on_report,
       Metrics& metrics)
      : events(settings, options.name, &metrics),
        reports(std::move(on_report), events),
        name(options.topic) {}

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
  auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, options, std::move(on_report), metrics);
  set_callback<RdKafka::EventCb>(**conf, "event_cb", &impl->events);
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
  return impl_->producer->produce(impl_->topic.get(), RdKafka::Topic::PARTITION_UA,
                                  RdKafka::Producer::RK_MSG_COPY, payload_of(value), value.size(), key.data(),
                                  key.size(), tag) == RdKafka::ERR_NO_ERROR;
}

bool Producer::produce(std::string_view key, std::string_view value, const Headers& headers, void* tag) {
  std::unique_ptr<RdKafka::Headers> list(RdKafka::Headers::create());
  for (const auto& [header, content] : headers) list->add(header, content);
  constexpr std::int64_t now = 0;
  const auto error =
      impl_->producer->produce(impl_->name, RdKafka::Topic::PARTITION_UA, RdKafka::Producer::RK_MSG_COPY,
                               payload_of(value), value.size(), key.data(), key.size(), now, list.get(), tag);
  if (error != RdKafka::ERR_NO_ERROR) return false;
  // It belongs to librdkafka once the record is queued.
  static_cast<void>(list.release());
  return true;
}

void Producer::poll(std::chrono::milliseconds wait) {
  impl_->producer->poll(to_int(wait));
}

void Producer::abandon(std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  impl_->producer->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
  while (impl_->producer->outq_len() > 0 && std::chrono::steady_clock::now() < deadline)
    impl_->producer->poll(10);
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
