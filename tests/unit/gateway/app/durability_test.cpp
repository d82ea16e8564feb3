#include "gateway/app/durability.hpp"

#include <algorithm>

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

DurabilityFacts safe() {
  return {.replicas = 3, .min_insync_replicas = 2, .unclean_leader_election = false, .unreadable = {}};
}

std::vector<std::string> kinds(const DurabilityFacts& facts, const Policy& policy = keeps_all) {
  std::vector<std::string> all;
  for (const auto& finding : durability_findings("T", facts, policy)) {
    all.emplace_back(finding.kind);
    EXPECT_NE(std::ranges::find(durability_kinds, finding.kind), durability_kinds.end());
  }
  return all;
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
  EXPECT_THAT(durability_findings("T", facts, keeps_all)[0].sentence(),
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

TEST(Durability, ARedisThatMayEvictIsFoundUnderEachOfItsPolicies) {
  for (const char* policy : {"allkeys-lru", "volatile-ttl", "allkeys-random"}) {
    const auto findings = durability_findings("T", safe(), redis::EvictionPolicy{policy});
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].kind, "redis_eviction");
    EXPECT_THAT(findings[0].what, HasSubstr(policy));
  }
}

TEST(Durability, WhatIsNotToldIsAFindingOfItsOwn) {
  DurabilityFacts facts;
  facts.unreadable = {"broker 1 (no)", "broker 2 (no)"};
  EXPECT_THAT(kinds(facts, Error{"NOPERM"}), ElementsAre("unreadable", "unreadable", "unreadable"));
  EXPECT_THAT(durability_findings("T", facts, Error{"NOPERM"})[2].what, HasSubstr("Redis"));
}

TEST(Durability, TheRefusalIsOneSentenceThatListsAll) {
  DurabilityFacts facts{.replicas = 1,
                        .min_insync_replicas = 1,
                        .unclean_leader_election = true,
                        .unreadable = {"broker 7 (no)"}};
  const auto findings = durability_findings("T", facts, redis::EvictionPolicy{"allkeys-lru"});
  const std::string refusal = refusal_of(findings);
  EXPECT_EQ(findings.size(), 5U);
  for (const auto& finding : findings) EXPECT_THAT(refusal, HasSubstr(finding.what));
  EXPECT_THAT(refusal, AllOf(HasSubstr("STRICT_DURABILITY"), HasSubstr("topic T has 1 replica;")));
}

}  // namespace
}  // namespace chat::gateway
