#include "common/kafka/durability_findings.hpp"

#include <limits>

namespace chat::kafka {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// One machine may be away and another be lost, and still one has every acknowledged message.
constexpr std::int64_t min_replicas = 3;
constexpr std::int64_t min_in_sync = 2;

/// Kafka's own default for the future. A machine without NTP is seldom off by more.
constexpr milliseconds min_clock_difference = hours{1};

/// In the largest unit that loses nothing.
std::string text_of(milliseconds time) {
  using std::chrono::duration_cast;
  const auto in_hours = duration_cast<hours>(time);
  if (in_hours == time) return std::to_string(in_hours.count()) + " h";
  const auto in_seconds = duration_cast<std::chrono::seconds>(time);
  if (in_seconds == time) return std::to_string(in_seconds.count()) + " s";
  return std::to_string(time.count()) + " ms";
}

void add_copies(std::vector<DurabilityFinding>& findings, const std::string& topic,
                const DurabilityFacts& facts) {
  if (facts.replicas && *facts.replicas < min_replicas)
    findings.push_back(
        {durability_kinds[0],
         "topic " + topic + " has " + std::to_string(*facts.replicas) +
             (*facts.replicas == 1 ? " replica" : " replicas"),
         "a lost machine or disk, or with one replica lost power, may lose acknowledged messages",
         "give it 3 (KAFKA_REPLICATION=3 before it is made, kafka-reassign-partitions later)"});
  if (facts.min_insync_replicas && *facts.min_insync_replicas < min_in_sync)
    findings.push_back(
        {durability_kinds[1],
         "min.insync.replicas of topic " + topic + " is " + std::to_string(*facts.min_insync_replicas),
         "a message may be acknowledged that one broker alone holds",
         "set it to 2 on the topic (kafka-configs)"});
  if (facts.unclean_leader_election.value_or(false))
    findings.push_back({durability_kinds[2], "topic " + topic + " allows unclean leader election",
                        "a broker that lacks acknowledged messages may become the leader, which drops them",
                        "set unclean.leader.election.enable=false on the topic (kafka-configs)"});
}

void add_deletion(std::vector<DurabilityFinding>& findings, const std::string& topic,
                  const DurabilityFacts& facts, const DurabilityDemands& demands) {
  if (facts.is_compacted.value_or(false))
    findings.push_back({durability_kinds[3], "topic " + topic + " is compacted",
                        "Kafka deletes all acknowledged messages of a room but the newest, stored or not",
                        "set cleanup.policy=delete on the topic (kafka-configs)"});
  const milliseconds min_retention = hours{demands.min_retention_hours};
  if (facts.retention && *facts.retention < min_retention)
    findings.push_back(
        {durability_kinds[4],
         "topic " + topic + " keeps records for " + text_of(*facts.retention) + " (retention.ms)",
         "Kafka deletes acknowledged messages that no persister stored in that time",
         "set retention.ms=" + std::to_string(min_retention.count()) +
             " or more on the topic (kafka-configs), or KAFKA_MIN_RETENTION_HOURS to what any outage of the "
             "persister stays below"});
  if (facts.retention_bytes && *facts.retention_bytes != std::numeric_limits<std::int64_t>::max())
    findings.push_back({durability_kinds[4],
                        "topic " + topic + " keeps " + std::to_string(*facts.retention_bytes) +
                            " bytes a partition (retention.bytes)",
                        "much traffic makes Kafka delete acknowledged messages that are not stored, whatever "
                        "their age",
                        "set retention.bytes=-1 on the topic (kafka-configs) and watch the brokers' disks"});
}

void add_refusal(std::vector<DurabilityFinding>& findings, const std::string& topic,
                 const DurabilityFacts& facts, const DurabilityDemands& demands) {
  if (facts.max_batch_bytes && *facts.max_batch_bytes < demands.min_batch_bytes)
    findings.push_back(
        {durability_kinds[5],
         "topic " + topic + " takes at most " + std::to_string(*facts.max_batch_bytes) +
             " bytes at a time (max.message.bytes, segment.bytes)",
         "it never takes the longest messages, so they are never acknowledged",
         "set both to " + std::to_string(demands.min_batch_bytes) + " or more on the topic (kafka-configs)"});
  if (facts.max_clock_difference && *facts.max_clock_difference < min_clock_difference)
    findings.push_back({durability_kinds[6],
                        "topic " + topic + " refuses records whose time differs from the broker's clock by " +
                            text_of(*facts.max_clock_difference),
                        "a gateway whose clock is off by more gets no message acknowledged",
                        "set message.timestamp.type=LogAppendTime on the topic (kafka-configs)"});
}

}  // namespace

void add_durability_settings(config::SettingsTable& table, DurabilityDemands& demands) {
  table.add(config::integer_setting("kafka-min-retention-hours", "KAFKA_MIN_RETENTION_HOURS",
                                    "a topic that keeps records for less is warned about: what the persister "
                                    "has not stored by then is deleted",
                                    demands.min_retention_hours, 1, 100'000));
}

std::vector<DurabilityFinding> durability_findings(const std::string& topic, const DurabilityFacts& facts,
                                                   const DurabilityDemands& demands,
                                                   const std::string& reader) {
  std::vector<DurabilityFinding> findings;
  add_copies(findings, topic, facts);
  add_deletion(findings, topic, facts, demands);
  add_refusal(findings, topic, facts, demands);
  for (const std::string& who : facts.unreadable)
    findings.push_back({durability_kinds[7], "Kafka does not tell the settings of " + who,
                        "whether acknowledged messages are safe is not known",
                        "allow " + reader + "'s user DescribeConfigs on the topic and the cluster"});
  return findings;
}

}  // namespace chat::kafka
