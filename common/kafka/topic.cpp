#include "common/kafka/topic.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <thread>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

#include "common/base/backoff.hpp"
#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/handles.hpp"
#include "common/kafka/properties.hpp"
#include "common/kafka/topic_health.hpp"
#include "common/log/log.hpp"

namespace chat::kafka {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

int milliseconds_until(Clock::time_point deadline, milliseconds max) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp(left, milliseconds{1}, max).count());
}

// What passes by itself while brokers start or choose their leader.
bool passes(rd_kafka_resp_err_t error) {
  constexpr std::array passing{RD_KAFKA_RESP_ERR__TRANSPORT,        RD_KAFKA_RESP_ERR__TIMED_OUT,
                               RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                               RD_KAFKA_RESP_ERR_NOT_CONTROLLER,    RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
                               RD_KAFKA_RESP_ERR__WAIT_COORD,       RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE};
  return std::ranges::find(passing, error) != passing.end();
}

class TopicMaker {
 public:
  TopicMaker(const config::KafkaSettings& settings, const std::string& topic, Clock::time_point deadline,
             const OnTrouble& on_trouble)
      : settings_(settings),
        topic_(topic),
        deadline_(deadline),
        on_trouble_(on_trouble),
        events_(settings, "admin", nullptr) {}

  Result<void> run() {
    if (auto error = open()) return *std::move(error);
    Backoff backoff(milliseconds{100}, milliseconds{1000});
    for (;;) {
      client_->poll(0);
      auto error = find();
      const bool is_missing = error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
      if (is_missing) error = create();
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      client_->poll(0);
      const bool is_login = events_.last_error() == RdKafka::ERR__AUTHENTICATION;
      const bool is_late = Clock::now() >= deadline_;
      if (!passes(error) || (is_missing && is_late)) return refused(error);
      const Trouble trouble = trouble_of_silence(error);
      if (is_login || is_late)
        return Error{"Kafka at " + settings_.brokers + " cannot be used: " + trouble.sentence()};
      if (on_trouble_) on_trouble_(trouble);
      std::this_thread::sleep_for(std::min<Clock::duration>(backoff.next(), deadline_ - Clock::now()));
    }
  }

 private:
  std::optional<Error> open() {
    const auto properties = properties_for(settings_, Role::admin, "chat-admin");
    if (!properties) return properties.error();
    const auto conf = make_conf(*properties);
    if (!conf) return conf.error();
    events_.attach(**conf);
    std::string reason;
    client_.reset(RdKafka::Producer::create(conf->get(), reason));
    if (!client_) return Error{"the Kafka client cannot be made: " + reason};
    return std::nullopt;
  }

  // Asks for all topics: a broker with automatic topics would create one that is asked for by name.
  rd_kafka_resp_err_t find() {
    const rd_kafka_metadata_t* found = nullptr;
    const auto error = rd_kafka_metadata(client_->c_ptr(), 1, nullptr, &found,
                                         milliseconds_until(deadline_, milliseconds{3000}));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
    const Metadata metadata(found);
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      if (topic_ != metadata->topics[i].topic) continue;
      if (metadata->topics[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return metadata->topics[i].err;
      if (metadata->topics[i].partition_cnt != settings_.partitions)
        log::warning(
            "the topic has another number of partitions than KAFKA_PARTITIONS; the topic's number is used",
            {{"topic", topic_},
             {"partitions", metadata->topics[i].partition_cnt},
             {"kafka_partitions", settings_.partitions}});
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  }

  rd_kafka_resp_err_t create() {
    std::array<char, 256> text{};
    const NewTopic topic(rd_kafka_NewTopic_new(topic_.c_str(), static_cast<int>(settings_.partitions),
                                               static_cast<int>(settings_.replication), text.data(),
                                               text.size()));
    if (!topic) {
      reason_ = text.data();
      return RD_KAFKA_RESP_ERR_INVALID_CONFIG;
    }
    // Else a gateway whose clock is off has its records refused, or deleted as if they were old.
    rd_kafka_NewTopic_set_config(topic.get(), "message.timestamp.type", "LogAppendTime");
    // One replica may be away without stopping the chat, and still two hold what is acknowledged.
    if (settings_.replication >= 3) rd_kafka_NewTopic_set_config(topic.get(), "min.insync.replicas", "2");
    const int wait = milliseconds_until(deadline_, milliseconds{10'000});
    const AdminOptions options(rd_kafka_AdminOptions_new(client_->c_ptr(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, text.data(), text.size());
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), wait, text.data(), text.size());
    const Queue queue(rd_kafka_queue_new(client_->c_ptr()));
    rd_kafka_NewTopic_t* topics = topic.get();
    rd_kafka_CreateTopics(client_->c_ptr(), &topics, 1, options.get(), queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), wait + 1000));
    return event ? result_of(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  }

  rd_kafka_resp_err_t result_of(rd_kafka_event_t* event) {
    auto error = rd_kafka_event_error(event);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      reason_ = rd_kafka_event_error_string(event);
      return error;
    }
    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(event);
    const auto* const* topics = rd_kafka_CreateTopics_result_topics(result, &count);
    error = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return RD_KAFKA_RESP_ERR_NO_ERROR;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      log::info(
          "topic created",
          {{"topic", topic_}, {"partitions", settings_.partitions}, {"replicas", settings_.replication}});
    } else if (count == 1 && rd_kafka_topic_result_error_string(topics[0]) != nullptr) {
      reason_ = rd_kafka_topic_result_error_string(topics[0]);
    }
    return error;
  }

  Error refused(rd_kafka_resp_err_t error) const {
    return Error{"topic " + topic_ + " could not be made with " + std::to_string(settings_.partitions) +
                 " partitions and " + std::to_string(settings_.replication) + " replicas (" +
                 (reason_.empty() ? rd_kafka_err2str(error) : reason_) +
                 "): make it by hand, or correct KAFKA_PARTITIONS, KAFKA_REPLICATION or the user's rights"};
  }

  /// The client knows better why no broker answers.
  Trouble trouble_of_silence(rd_kafka_resp_err_t error) const {
    const auto last = events_.last_error();
    if (last == RdKafka::ERR__AUTHENTICATION || last == RdKafka::ERR__SSL)
      return trouble_of_error(topic_, last, events_.last_reason());
    return trouble_of_error(topic_, error, rd_kafka_err2str(error));
  }

  const config::KafkaSettings& settings_;
  const std::string topic_;
  const Clock::time_point deadline_;
  const OnTrouble& on_trouble_;
  ClientEvents events_;
  std::unique_ptr<RdKafka::Producer> client_;
  std::string reason_;
};

}  // namespace

Result<void> ensure_topic(const config::KafkaSettings& settings, const std::string& topic, milliseconds wait,
                          const OnTrouble& on_trouble) {
  return TopicMaker(settings, topic, Clock::now() + wait, on_trouble).run();
}

}  // namespace chat::kafka
