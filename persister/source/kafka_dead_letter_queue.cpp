#include "persister/source/kafka_dead_letter_queue.hpp"

#include <algorithm>
#include <utility>

#include <prometheus/counter.h>

#include "common/log/log.hpp"
#include "persister/source/source_metrics.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds poll_wait{100};
constexpr std::string_view given_up = "none";

bool is_too_large(const kafka::DeliveryReport& report) {
  return report.fault == kafka::DeliveryFault::batch_too_large ||
         report.fault == kafka::DeliveryFault::record_too_large;
}

}  // namespace

KafkaDeadLetterQueue::KafkaDeadLetterQueue(config::KafkaSettings settings, std::string client_id,
                                           Metrics& metrics)
    : settings_(std::move(settings)),
      client_id_(std::move(client_id)),
      metrics_(metrics),
      producer_(make_producer()) {
  for (auto form = smaller(LetterForm::whole); form; form = smaller(*form))
    cut_letters(metrics_, name(*form));
  cut_letters(metrics_, given_up);
}

KafkaDeadLetterQueue::~KafkaDeadLetterQueue() = default;

std::unique_ptr<kafka::Producer> KafkaDeadLetterQueue::make_producer() {
  kafka::ProducerOptions options;
  options.client_id = client_id_;
  options.name = "dead_letters";
  options.topic = settings_.dead_letter_topic();
  const auto note = [](const kafka::DeliveryReport& report) {
    *static_cast<State*>(report.tag) = report.is_durable      ? State::durable
                                       : is_too_large(report) ? State::too_large
                                                              : State::failed;
    if (!report.is_durable && !is_too_large(report))
      log::warning("Kafka did not take a dead letter; it is kept", {{"reason", report.error}});
  };
  return kafka::Producer::make(settings_, options, note, metrics_).value();
}

bool KafkaDeadLetterQueue::publish(const DeadLetter& letter, milliseconds wait) {
  const auto deadline = Clock::now() + wait;
  const auto [entry, is_new] = letters_.try_emplace({letter.record.partition, letter.record.offset});
  Try& attempt = entry->second;
  if (is_new) produce(letter, attempt);
  State state = wait_for(attempt.state, deadline);
  while (state == State::too_large && make_smaller(letter, attempt))
    state = wait_for(attempt.state, deadline);
  if (state == State::durable && attempt.form != LetterForm::whole)
    report_cut(letter, name(attempt.form),
               "a dead letter is too large for its topic; less of it was written");
  if (state == State::too_large)
    report_cut(letter, given_up,
               "a dead letter was not written, since its topic does not even take its position");
  if (state != State::out) letters_.erase(entry);
  if (const auto reason = producer_->fatal_error()) {
    log::error("the dead letters' Kafka producer failed for good and is replaced", {{"reason", *reason}});
    producer_.reset();
    letters_.clear();
    producer_ = make_producer();
  }
  // A letter that is too large in every form is given up.
  return state == State::durable || state == State::too_large;
}

void KafkaDeadLetterQueue::produce(const DeadLetter& letter, Try& attempt) {
  const auto record = make_letter_record(letter, attempt.form, settings_.topic);
  attempt.state = State::out;
  if (!producer_->produce(record.key, record.value, record.headers, &attempt.state))
    attempt.state = State::failed;
}

/// False where there is no smaller form.
bool KafkaDeadLetterQueue::make_smaller(const DeadLetter& letter, Try& attempt) {
  const auto form = smaller(attempt.form);
  if (!form) return false;
  attempt.form = *form;
  produce(letter, attempt);
  return true;
}

void KafkaDeadLetterQueue::report_cut(const DeadLetter& letter, std::string_view form, const char* what) {
  cut_letters(metrics_, form).Increment();
  log::error(what, {{"topic", settings_.dead_letter_topic()},
                    {"partition", letter.record.partition},
                    {"offset", letter.record.offset},
                    {"form", form},
                    {"remedy", "raise max.message.bytes of the topic for dead letters"}});
}

KafkaDeadLetterQueue::State KafkaDeadLetterQueue::wait_for(const State& state, Clock::time_point deadline) {
  while (state == State::out && Clock::now() < deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    producer_->poll(std::clamp(left, milliseconds{0}, poll_wait));
  }
  return state;
}

}  // namespace chat::persister
