#include "persister/replay/replay.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/kafka/end_offsets.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/topic_reader.hpp"
#include "common/metrics/metrics.hpp"
#include "persister/replay/letter.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr const char* client_id = "chat-replay-dead";
constexpr std::size_t max_at_once = 500;
constexpr milliseconds poll_wait{100};

/// One topic to write to, and how many of its reports are out.
class Writer {
 public:
  Writer(const config::KafkaSettings& settings, const std::string& topic) {
    kafka::ProducerOptions options;
    options.client_id = client_id;
    options.name = "replay";
    options.topic = topic;
    const auto note = [this](const kafka::DeliveryReport& report) {
      --out_;
      if (!report.is_durable) error_ = report.error;
    };
    producer_ = kafka::Producer::make(settings, options, note, metrics_).value();
  }

  void write(const kafka::ConsumedRecord& record, const kafka::Headers& headers) {
    if (producer_->produce(record.key, record.value, headers, nullptr))
      ++out_;
    else
      error_ = "the queue is full";
  }

  /// None once Kafka has everything, else the reason.
  std::optional<std::string> wait(milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    while (out_ > 0 && error_.empty()) {
      if (Clock::now() >= deadline) return "no answer in time";
      producer_->poll(poll_wait);
    }
    if (error_.empty()) return std::nullopt;
    return error_;
  }

 private:
  Metrics metrics_;
  std::size_t out_ = 0;
  std::string error_;
  std::unique_ptr<kafka::Producer> producer_;
};

class Replay {
 public:
  Replay(const config::KafkaSettings& settings, const ReplayOptions& options,
         const std::function<void(const std::string&)>& tell)
      : settings_(settings), options_(options), tell_(tell) {}

  Result<ReplayCount> run() {
    if (auto error = find_messages()) return *std::move(error);
    auto reader = kafka::TopicReader::open(
        settings_, {client_id, "replay", settings_.dead_letter_topic(), settings_.replay_group()},
        options_.wait);
    if (!reader) return reader.error();
    messages_.emplace(settings_, settings_.topic);
    letters_.emplace(settings_, settings_.dead_letter_topic());
    while (!(*reader)->is_at_end()) {
      if (auto error = take_some(**reader)) return *std::move(error);
    }
    return count_;
  }

 private:
  std::optional<Error> find_messages() const {
    const auto topic = kafka::EndOffsets::make(settings_, client_id);
    if (!topic) return topic.error();
    if ((*topic)->partitions(options_.wait)) return std::nullopt;
    return Error{"Kafka at " + settings_.brokers + " does not answer or has no topic " + settings_.topic +
                 ": start it, or correct KAFKA_BROKER or KAFKA_TOPIC"};
  }

  /// Reads some letters, writes each, and moves the group on once Kafka has them.
  std::optional<Error> take_some(kafka::TopicReader& reader) {
    ReplayCount taken;
    auto deadline = Clock::now() + options_.wait;
    while (taken.put_back + taken.kept + taken.without_value < max_at_once && !reader.is_at_end()) {
      if (const auto letter = reader.next(poll_wait)) {
        deal_with(*letter, taken);
        deadline = Clock::now() + options_.wait;
      } else if (Clock::now() >= deadline) {
        return failed("the dead letters could not be read to their end");
      }
    }
    if (!options_.dry_run) {
      auto reason = messages_->wait(options_.wait);
      if (!reason) reason = letters_->wait(options_.wait);
      if (reason) return failed("Kafka did not take a record (" + *reason + ")");
    }
    count_.put_back += taken.put_back;
    count_.kept += taken.kept;
    count_.without_value += taken.without_value;
    if (options_.dry_run) return std::nullopt;
    if (const auto reason = reader.commit(options_.wait))
      return failed("Kafka did not note how far the replay is (" + *reason + ")");
    return std::nullopt;
  }

  void deal_with(const kafka::ConsumedRecord& letter, ReplayCount& taken) {
    const bool is_wanted = reason_of(letter).find(options_.reason) != std::string_view::npos;
    const bool goes_back = is_wanted && value_position_of(letter).empty();
    ++(goes_back ? taken.put_back : is_wanted ? taken.without_value : taken.kept);
    if (options_.dry_run) {
      if (is_wanted) tell_(describe(letter));
    } else if (goes_back) {
      messages_->write(letter, headers_for_messages(letter));
    } else {
      letters_->write(letter, letter.headers);
    }
  }

  Error failed(const std::string& what) const {
    return Error{what + " after " + std::to_string(count_.put_back) +
                 " were put back: run the replay again, it goes on from there"};
  }

  const config::KafkaSettings& settings_;
  const ReplayOptions& options_;
  const std::function<void(const std::string&)>& tell_;
  std::optional<Writer> messages_;
  std::optional<Writer> letters_;
  ReplayCount count_;
};

}  // namespace

Result<ReplayCount> replay_dead_letters(const config::KafkaSettings& settings, const ReplayOptions& options,
                                        const std::function<void(const std::string&)>& tell) {
  return Replay(settings, options, tell).run();
}

}  // namespace chat::persister
