#include "common/kafka/statistics.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

namespace chat::kafka {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* name) {
  static const Json none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::int64_t number(const Json& object, const char* name) {
  const Json& value = object.is_object() ? member(object, name) : object;
  return value.is_number() ? value.get<std::int64_t>() : 0;
}

void add_brokers(Statistics& statistics, const Json& brokers) {
  if (!brokers.is_object()) return;
  for (const Json& broker : brokers) {
    if (!broker.is_object()) continue;
    statistics.retries += number(broker, "txretries");
    const double seconds = static_cast<double>(number(member(broker, "rtt"), "p99")) / 1e6;
    statistics.slowest_rtt = std::max(statistics.slowest_rtt, seconds);
    if (member(broker, "state") == "UP") statistics.has_broker = true;
  }
}

void add_lag(Statistics& statistics, const Json& topics) {
  if (!topics.is_object()) return;
  for (const Json& topic : topics) {
    if (!topic.is_object() || !member(topic, "partitions").is_object()) continue;
    for (const Json& partition : member(topic, "partitions"))
      statistics.lag += std::max<std::int64_t>(number(partition, "consumer_lag"), 0);
  }
}

}  // namespace

std::optional<Statistics> parse_statistics(std::string_view json) {
  const Json document = Json::parse(json, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  Statistics statistics;
  statistics.queued = number(document, "msg_cnt");
  statistics.transmitted = number(document, "txmsgs");
  statistics.unpolled = number(document, "replyq");
  add_brokers(statistics, member(document, "brokers"));
  if (const Json& group = member(document, "cgrp"); group.is_object()) {
    statistics.rebalances = number(group, "rebalance_cnt");
    statistics.group_state_age = static_cast<double>(number(group, "stateage")) / 1e3;
    add_lag(statistics, member(document, "topics"));
  }
  return statistics;
}

namespace {

void count_since(prometheus::Counter& counter, std::int64_t last, std::int64_t now) {
  if (now > last) counter.Increment(static_cast<double>(now - last));
}

}  // namespace

prometheus::Counter& offset_resets(Metrics& metrics, const std::string& client) {
  return metrics.counter("chat_kafka_offset_resets_total",
                         "Times that the offset to read from was no longer in Kafka", {{"client", client}});
}

StatisticsMetrics::StatisticsMetrics(Metrics& metrics, const std::string& client)
    : queued_(metrics.gauge("chat_kafka_queued_records", "Records in the Kafka client's own queue",
                            {{"client", client}})),
      transmitted_(metrics.counter("chat_kafka_transmitted_records_total",
                                   "Records that the Kafka client sent", {{"client", client}})),
      retries_(metrics.counter("chat_kafka_request_retries_total",
                               "Requests that the Kafka client sent again", {{"client", client}})),
      unpolled_(metrics.gauge("chat_kafka_unpolled_callbacks", "Callbacks that wait to be polled",
                              {{"client", client}})),
      slowest_rtt_(metrics.gauge("chat_kafka_broker_rtt_seconds",
                                 "99th percentile of the slowest broker's round trip", {{"client", client}})),
      lag_(metrics.gauge("chat_kafka_consumer_lag_records", "Records behind the end of the topic",
                         {{"client", client}})),
      rebalances_(metrics.counter("chat_kafka_rebalances_total",
                                  "Rebalances of the consumer group that the client saw",
                                  {{"client", client}})),
      group_state_age_(metrics.gauge("chat_kafka_group_state_age_seconds",
                                     "Time since the group member's state changed", {{"client", client}})) {}

void StatisticsMetrics::set(const Statistics& statistics) {
  queued_.Set(static_cast<double>(statistics.queued));
  count_since(transmitted_, last_.transmitted, statistics.transmitted);
  count_since(retries_, last_.retries, statistics.retries);
  unpolled_.Set(static_cast<double>(statistics.unpolled));
  slowest_rtt_.Set(statistics.slowest_rtt);
  lag_.Set(static_cast<double>(statistics.lag));
  count_since(rebalances_, last_.rebalances, statistics.rebalances);
  group_state_age_.Set(statistics.group_state_age);
  last_ = statistics;
}

}  // namespace chat::kafka
