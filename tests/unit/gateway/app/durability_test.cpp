#include "gateway/app/durability.hpp"

#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using kafka::DurabilityFacts;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Policy = Result<redis::EvictionPolicy>;

const Policy keeps_all = redis::EvictionPolicy{"noeviction"};

const kafka::DurabilityDemands demands{.min_retention_hours = 168, .min_batch_bytes = 32 * 1024};

std::vector<kafka::DurabilityFinding> durability_findings(const std::string& topic,
                                                          const DurabilityFacts& facts,
                                                          const kafka::DurabilityDemands& asked,
                                                          const Policy& policy) {
  auto findings = kafka::durability_findings(topic, facts, asked, "the gateway");
  const auto of_redis = redis_durability_findings(policy);
  findings.insert(findings.end(), of_redis.begin(), of_redis.end());
  return findings;
}

DurabilityFacts safe() {
  return {.replicas = 3,
          .min_insync_replicas = 2,
          .unclean_leader_election = false,
          .is_compacted = false,
          .retention = std::chrono::hours{168},
          .retention_bytes = std::numeric_limits<std::int64_t>::max(),
          .max_batch_bytes = 1'048'588,
          .max_clock_difference = std::chrono::hours{1},
          .unreadable = {}};
}

std::vector<std::string> kinds(const DurabilityFacts& facts, const Policy& policy = keeps_all) {
  std::vector<std::string> all;
  for (const auto& finding : durability_findings("T", facts, demands, policy)) {
    all.emplace_back(finding.kind);
    const auto known = all_durability_kinds();
    EXPECT_NE(std::ranges::find(known, finding.kind), known.end()) << finding.kind;
  }
  return all;
}

std::string sentence_of(const DurabilityFacts& facts) {
  const auto findings = durability_findings("T", facts, demands, keeps_all);
  return findings.size() == 1 ? findings[0].sentence() : std::string();
}

TEST(Durability, ThreeReplicasOfWhichTwoHoldWhatIsAcknowledgedAndARedisThatKeepsAllAreFine) {
  EXPECT_THAT(kinds(safe()), IsEmpty());
  auto more = safe();
  more.replicas = 5;
  more.min_insync_replicas = 3;
  EXPECT_THAT(kinds(more), IsEmpty());
}

TEST(Durability, I1FewerReplicasAreFound) {
  auto facts = safe();
  facts.replicas = 2;
  EXPECT_THAT(kinds(facts), ElementsAre("replicas"));
  EXPECT_THAT(durability_findings("T", facts, demands, keeps_all)[0].sentence(),
              AllOf(HasSubstr("topic T has 2 replicas"), HasSubstr("KAFKA_REPLICATION=3")));
}

TEST(Durability, I1OneBrokerThatSufficesForAnAckIsFound) {
  auto facts = safe();
  facts.min_insync_replicas = 1;
  EXPECT_THAT(kinds(facts), ElementsAre("min_insync_replicas"));
}

TEST(Durability, I1UncleanLeaderElectionIsFound) {
  auto facts = safe();
  facts.unclean_leader_election = true;
  EXPECT_THAT(kinds(facts), ElementsAre("unclean_leader_election"));
}

TEST(Durability, I1ACompactedTopicIsFound) {
  auto facts = safe();
  facts.is_compacted = true;
  EXPECT_THAT(kinds(facts), ElementsAre("compacted"));
  EXPECT_THAT(sentence_of(facts),
              AllOf(HasSubstr("topic T is compacted"), HasSubstr("cleanup.policy=delete")));
}

TEST(Durability, I1ARetentionBelowTheStatedOneIsFound) {
  auto facts = safe();
  facts.retention = std::chrono::hours{168} - std::chrono::milliseconds{1};
  EXPECT_THAT(kinds(facts), ElementsAre("retention"));
  EXPECT_THAT(sentence_of(facts), AllOf(HasSubstr("604799999 ms"), HasSubstr("retention.ms=604800000"),
                                        HasSubstr("KAFKA_MIN_RETENTION_HOURS")));
  facts.retention = std::chrono::milliseconds::max();
  EXPECT_THAT(kinds(facts), IsEmpty());
  facts.retention = std::chrono::hours{24};
  EXPECT_THAT(durability_findings("T", facts, {.min_retention_hours = 24, .min_batch_bytes = 0}, keeps_all),
              IsEmpty());
}

TEST(Durability, I1ABoundOfBytesDeletesWhateverTheAge) {
  auto facts = safe();
  facts.retention_bytes = 1'000'000'000;
  EXPECT_THAT(kinds(facts), ElementsAre("retention"));
  EXPECT_THAT(sentence_of(facts), HasSubstr("retention.bytes=-1"));
}

TEST(Durability, ATopicThatNeverTakesTheLongestMessagesIsFound) {
  auto facts = safe();
  facts.max_batch_bytes = demands.min_batch_bytes;
  EXPECT_THAT(kinds(facts), IsEmpty());
  --*facts.max_batch_bytes;
  EXPECT_THAT(kinds(facts), ElementsAre("max_message_bytes"));
}

TEST(Durability, ATopicThatRefusesRecordsOfAClockThatIsALittleOffIsFound) {
  auto facts = safe();
  facts.max_clock_difference = std::chrono::seconds{30};
  EXPECT_THAT(kinds(facts), ElementsAre("clock"));
  EXPECT_THAT(sentence_of(facts), AllOf(HasSubstr("30 s"), HasSubstr("LogAppendTime")));
}

TEST(Durability, ARedisThatMayEvictIsFoundUnderEachOfItsPolicies) {
  for (const char* policy : {"allkeys-lru", "volatile-ttl", "allkeys-random"}) {
    const auto findings = durability_findings("T", safe(), demands, redis::EvictionPolicy{policy});
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].kind, "redis_eviction");
    EXPECT_THAT(findings[0].what, HasSubstr(policy));
  }
}

TEST(Durability, WhatIsNotToldIsAFindingOfItsOwn) {
  DurabilityFacts facts;
  facts.unreadable = {"broker 1 (no)", "broker 2 (no)"};
  EXPECT_THAT(kinds(facts, Error{"NOPERM"}), ElementsAre("unreadable", "unreadable", "unreadable"));
  EXPECT_THAT(durability_findings("T", facts, demands, Error{"NOPERM"})[2].what, HasSubstr("Redis"));
}

TEST(Durability, TheRefusalIsOneSentenceThatListsAll) {
  DurabilityFacts facts;
  facts.replicas = 1;
  facts.min_insync_replicas = 1;
  facts.unclean_leader_election = true;
  facts.unreadable = {"broker 7 (no)"};
  const auto findings = durability_findings("T", facts, demands, redis::EvictionPolicy{"allkeys-lru"});
  const std::string refusal = refusal_of(findings);
  EXPECT_EQ(findings.size(), 5U);
  for (const auto& finding : findings) EXPECT_THAT(refusal, HasSubstr(finding.what));
  EXPECT_THAT(refusal, AllOf(HasSubstr("STRICT_DURABILITY"), HasSubstr("topic T has 1 replica;")));
}

}  // namespace
}  // namespace chat::gateway
