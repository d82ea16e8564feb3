#include "persister/source/kafka_position_audit.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "common/base/bug.hpp"

namespace chat::persister {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds answer_wait{2'000};
constexpr std::chrono::seconds audit_limit{5};

StoredPosition position_behind(const KnownRecord& record) {
  return {record.next_offset, record.record_hash};
}

}  // namespace

KafkaPositionAudit::KafkaPositionAudit(const config::KafkaSettings& settings, const std::string& client_id) {
  auto made = kafka::EndOffsets::make(settings, client_id);
  if (!made) throw std::runtime_error(made.error().message);
  topic_ = *std::move(made);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

KafkaPositionAudit::~KafkaPositionAudit() {
  ask_to_stop();
}

void KafkaPositionAudit::begin(Records records) {
  {
    const std::lock_guard lock(mutex_);
    CHAT_BUG(is_under_way_, "an audit of positions begins before the last one has ended");
    is_under_way_ = true;
    records_ = std::move(records);
  }
  begun_.notify_one();
}

std::optional<PositionAudit::Answers> KafkaPositionAudit::take() {
  const std::lock_guard lock(mutex_);
  if (answers_) is_under_way_ = false;
  return std::exchange(answers_, std::nullopt);
}

void KafkaPositionAudit::run(const std::stop_token& stop) {
  for (;;) {
    Records records;
    {
      std::unique_lock lock(mutex_);
      if (!begun_.wait(lock, stop, [this] { return records_.has_value(); })) return;
      records = *std::exchange(records_, std::nullopt);
    }
    Answers answers = compare(records, stop);
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
  }
}

/// Partitions that are not reached within the limit come the next time, before those that did not answer.
PositionAudit::Answers KafkaPositionAudit::compare(const Records& records, const std::stop_token& stop) {
  const auto deadline = Clock::now() + audit_limit;
  const auto was_silent = std::exchange(silent_, {});
  Answers answers;
  for (const bool asks_silent : {false, true}) {
    for (const auto& [partition, record] : records) {
      if (was_silent.contains(partition) != asks_silent) continue;
      const bool may_ask = Clock::now() < deadline && !stop.stop_requested();
      const auto answer =
          may_ask ? topic_->proves(partition, position_behind(record), answer_wait) : std::nullopt;
      if (answer)
        answers[partition] = *answer;
      else if (may_ask || asks_silent)
        silent_.insert(partition);
    }
  }
  return answers;
}

}  // namespace chat::persister
