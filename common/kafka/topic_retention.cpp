#include "common/kafka/topic_retention.hpp"

#include <limits>
#include <utility>

#include <prometheus/gauge.h>

#include "common/log/log.hpp"

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;

double in_seconds(milliseconds retention) {
  if (retention == milliseconds::max()) return std::numeric_limits<double>::infinity();
  return std::chrono::duration<double>(retention).count();
}

std::string text_of(milliseconds retention) {
  return retention == milliseconds::max() ? "unlimited" : std::to_string(retention.count());
}

}  // namespace

prometheus::Gauge& retention_gauge(Metrics& metrics, const std::string& topic) {
  return metrics.gauge("chat_kafka_topic_retention_seconds",
                       "Age at which Kafka deletes the topic's records, as last read; +Inf: never",
                       {{"topic", topic}});
}

TopicRetention::TopicRetention(Metrics& metrics, std::string topic)
    : metrics_(metrics), topic_(std::move(topic)) {}

void TopicRetention::tell(const DurabilityFacts& facts) {
  if (!facts.retention || facts.retention == retention_) return;
  retention_gauge(metrics_, topic_).Set(in_seconds(*facts.retention));
  if (retention_)
    log::info(
        "the topic's retention was changed",
        {{"topic", topic_}, {"retention_ms", text_of(*facts.retention)}, {"before", text_of(*retention_)}});
  else
    log::info("the topic's retention", {{"topic", topic_}, {"retention_ms", text_of(*facts.retention)}});
  retention_ = facts.retention;
}

}  // namespace chat::kafka
