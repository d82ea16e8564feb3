#include "gateway/app/durability.hpp"

#include <cstdint>

namespace chat::gateway {
namespace {

/// One machine may be away and another be lost, and still one has every acknowledged message.
constexpr std::int64_t least_replicas = 3;
constexpr std::int64_t least_in_sync = 2;

void add_kafka(std::vector<DurabilityFinding>& findings, const std::string& topic,
               const kafka::DurabilityFacts& facts) {
  if (facts.replicas && *facts.replicas < least_replicas)
    findings.push_back(
        {durability_kinds[0],
         "topic " + topic + " has " + std::to_string(*facts.replicas) +
             (*facts.replicas == 1 ? " replica" : " replicas"),
         "a lost machine or disk, or with one replica lost power, may lose acknowledged messages",
         "give it 3 (KAFKA_REPLICATION=3 before it is made, kafka-reassign-partitions later)"});
  if (facts.min_insync_replicas && *facts.min_insync_replicas < least_in_sync)
    findings.push_back(
        {durability_kinds[1],
         "min.insync.replicas of topic " + topic + " is " + std::to_string(*facts.min_insync_replicas),
         "a message may be acknowledged that one broker alone holds",
         "set it to 2 on the topic (kafka-configs)"});
  if (facts.unclean_leader_election.value_or(false))
    findings.push_back({durability_kinds[2], "topic " + topic + " allows unclean leader election",
                        "a broker that lacks acknowledged messages may become the leader, which drops them",
                        "set unclean.leader.election.enable=false on the topic (kafka-configs)"});
  for (const std::string& who : facts.unreadable)
    findings.push_back({durability_kinds[4], "Kafka does not tell the settings of " + who,
                        "whether acknowledged messages are safe is not known",
                        "allow the gateway's user DescribeConfigs on the topic and the cluster"});
}

void add_redis(std::vector<DurabilityFinding>& findings,
               const Result<redis::EvictionPolicy>& eviction_policy) {
  if (!eviction_policy)
    findings.push_back({durability_kinds[4],
                        "Redis does not tell its maxmemory-policy (" + eviction_policy.error().message + ")",
                        "whether it may evict numbers, ids and messages is not known",
                        "allow the gateway's user INFO"});
  else if (eviction_policy->name != "noeviction")
    findings.push_back({durability_kinds[3],
                        "Redis may evict keys (maxmemory-policy " + eviction_policy->name + ")",
                        "a room may lose its numbers, the ids that keep retries from being shown twice, and "
                        "messages that Kafka does not have yet",
                        "set maxmemory-policy to noeviction"});
}

}  // namespace

std::vector<DurabilityFinding> durability_findings(const std::string& topic,
                                                   const kafka::DurabilityFacts& kafka,
                                                   const Result<redis::EvictionPolicy>& eviction_policy) {
  std::vector<DurabilityFinding> findings;
  add_kafka(findings, topic, kafka);
  add_redis(findings, eviction_policy);
  return findings;
}

std::string refusal_of(const std::vector<DurabilityFinding>& findings) {
  std::string list;
  for (const DurabilityFinding& finding : findings) list += (list.empty() ? "" : "; ") + finding.what;
  return "STRICT_DURABILITY is set and acknowledged messages are not safe, so the gateway does not start "
         "(the "
         "warnings above say what to do): " +
         list;
}

}  // namespace chat::gateway
