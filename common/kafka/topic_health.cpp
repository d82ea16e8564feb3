#include "common/kafka/topic_health.hpp"

#include <librdkafka/rdkafka.h>

namespace chat::kafka {
namespace {

std::string list_of(const std::vector<std::int32_t>& partitions) {
  constexpr std::size_t max_named = 10;
  std::string list;
  for (std::size_t i = 0; i < partitions.size() && i < max_named; ++i)
    list += (i == 0 ? "" : ", ") + std::to_string(partitions[i]);
  if (partitions.size() > max_named) list += ", …";
  return list;
}

/// Before 2.6.1 librdkafka sends the client's part of the nonce twice, which Kafka 4 refuses whatever the
/// password is (librdkafka's pull request 4895).
std::string remedy_of_login(const std::string& reason) {
  constexpr int first_good = 0x020601ff;
  const std::string remedy = "correct KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM";
  if (rd_kafka_version() >= first_good || reason.find("SCRAM") == std::string::npos) return remedy;
  return remedy + "; with Kafka 4 use PLAIN, since this librdkafka " + rd_kafka_version_str() +
         " is older than 2.6.1 and cannot log in to it by SCRAM";
}

std::optional<Trouble> trouble_of_partitions(const std::string& topic, const TopicHealth& health) {
  std::vector<std::int32_t> without_leader;
  std::vector<std::int32_t> short_of_replicas;
  for (const PartitionHealth& partition : health.partitions) {
    if (!partition.has_leader)
      without_leader.push_back(partition.id);
    else if (health.min_in_sync && partition.in_sync < *health.min_in_sync)
      short_of_replicas.push_back(partition.id);
  }
  if (!without_leader.empty())
    return Trouble{"no_leader", "no broker leads partition " + list_of(without_leader) + " of topic " + topic,
                   "start the brokers that have it, and look at their disks and logs"};
  if (!short_of_replicas.empty())
    return Trouble{"too_few_replicas",
                   "partition " + list_of(short_of_replicas) + " of topic " + topic +
                       " has fewer replicas in sync than min.insync.replicas (" +
                       std::to_string(*health.min_in_sync) + ") asks for, so nothing is acknowledged",
                   "start the brokers that are away; or give the topic more replicas"};
  return std::nullopt;
}

}  // namespace

std::optional<Trouble> trouble_of(const std::string& topic, const TopicHealth& health) {
  if (health.error != 0) return trouble_of_error(topic, health.error, health.reason);
  if (!health.exists) return trouble_of_error(topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, {});
  if (auto trouble = trouble_of_partitions(topic, health)) return trouble;
  if (health.write_error != 0) return trouble_of_error(topic, health.write_error, health.reason);
  return std::nullopt;
}

Trouble trouble_of_error(const std::string& topic, int error, const std::string& reason) {
  const std::string told = reason.empty() ? std::string() : " (" + reason + ")";
  switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return {"not_authorized", "the Kafka user may not write to topic " + topic,
              "allow it Write and Describe on the topic (kafka-acls)"};
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return {"not_authorized", "the Kafka user may not use an idempotent producer",
              "allow it Write on topic " + topic + ", or IdempotentWrite on the cluster (kafka-acls)"};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {"no_topic", "topic " + topic + " or a partition of it is not there, or the user may not see it",
              "restart a service, which makes the topic; or allow the user Describe on it (kafka-acls)"};
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return {"login", "Kafka refuses the login" + told, remedy_of_login(reason)};
    case RD_KAFKA_RESP_ERR__SSL:
      return {"tls", "Kafka cannot be reached over TLS" + told,
              "check KAFKA_CA_FILE, the names in KAFKA_BROKER and in the brokers' advertised.listeners, and "
              "that the "
              "port speaks TLS"};
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
      return {"no_leader", "no broker leads a partition of topic " + topic,
              "start the brokers that have it, and look at their disks and logs"};
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return {"too_few_replicas", "topic " + topic + " has fewer replicas in sync than min.insync.replicas",
              "start the brokers that are away; or give the topic more replicas"};
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
      return {"storage", "a broker cannot write to its disk", "look at the broker's disk and log"};
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return {"clock", "topic " + topic + " refuses records for their time",
              "set this machine's clock (NTP), or message.timestamp.type=LogAppendTime on the topic"};
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return {"unreachable", "Kafka cannot be reached or does not answer" + told,
              "start it, or set KAFKA_BROKER to where it is"};
    default:
      return {"refused",
              "Kafka does not take records of topic " + topic + ": " +
                  rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error)) + told,
              "see the brokers' logs"};
  }
}

}  // namespace chat::kafka
