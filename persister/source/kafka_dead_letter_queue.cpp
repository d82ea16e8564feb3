#include "persister/source/kafka_dead_letter_queue.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds poll_wait{100};

}  // namespace

KafkaDeadLetterQueue::KafkaDeadLetterQueue(config::KafkaSettings settings, std::string client_id,
                                           Metrics& metrics)
    : settings_(std::move(settings)),
      client_id_(std::move(client_id)),
      metrics_(metrics),
      producer_(make_producer()) {}

KafkaDeadLetterQueue::~KafkaDeadLetterQueue() = default;

std::unique_ptr<kafka::Producer> KafkaDeadLetterQueue::make_producer() {
  kafka::ProducerOptions options;
  options.client_id = client_id_;
  options.name = "dead_letters";
  options.topic = settings_.dead_letter_topic();
  const auto note = [](const kafka::DeliveryReport& report) {
    *static_cast<State*>(report.tag) = report.is_durable ? State::durable : State::failed;
    if (!report.is_durable)
      log::warning("Kafka did not take a dead letter; it is kept", {{"reason", report.error}});
  };
  return kafka::Producer::make(settings_, options, note, metrics_).value();
}

bool KafkaDeadLetterQueue::publish(const DeadLetter& letter, milliseconds wait) {
  const SourceRecord& record = letter.record;
  const auto [place, is_new] = letters_.try_emplace({record.partition, record.offset}, State::out);
  if (is_new) {
    const kafka::Headers headers{{"reason", letter.reason},
                                 {"partition", std::to_string(record.partition)},
                                 {"offset", std::to_string(record.offset)},
                                 {origin_header, to_string(origin_of(record))}};
    if (!producer_->produce(record.key, record.value, headers, &place->second)) place->second = State::failed;
  }
  const State state = wait_for(place->second, wait);
  if (state != State::out) letters_.erase(place);
  if (const auto reason = producer_->fatal_error()) {
    log::error("the dead letters' Kafka producer failed for good and is replaced", {{"reason", *reason}});
    producer_.reset();
    letters_.clear();
    producer_ = make_producer();
  }
  return state == State::durable;
}

KafkaDeadLetterQueue::State KafkaDeadLetterQueue::wait_for(State& state, milliseconds wait) {
  const auto deadline = Clock::now() + wait;
  while (state == State::out && Clock::now() < deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    producer_->poll(std::clamp(left, milliseconds{0}, poll_wait));
  }
  return state;
}

}  // namespace chat::persister
