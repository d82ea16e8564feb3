// Which settings of Kafka and Redis endanger what the gateway promises.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/kafka/durability.hpp"
#include "common/redis/info.hpp"

namespace chat::gateway {

/// The names under which findings are counted.
inline constexpr std::array<std::string_view, 5> durability_kinds{
    "replicas", "min_insync_replicas", "unclean_leader_election", "redis_eviction", "unreadable"};

struct DurabilityFinding {
  std::string_view kind;  // one of the above
  std::string what;
  std::string why;
  std::string remedy;

  /// For the log: what, why it matters, what to do.
  std::string sentence() const { return what + ": " + why + "; " + remedy; }
};

/// Pure. `eviction_policy` is Redis's maxmemory-policy, or why it is not known.
std::vector<DurabilityFinding> durability_findings(const std::string& topic,
                                                   const kafka::DurabilityFacts& kafka,
                                                   const Result<redis::EvictionPolicy>& eviction_policy);

/// Pure. Why a strict gateway does not start; one sentence with all findings, of which there is one at least.
std::string refusal_of(const std::vector<DurabilityFinding>& findings);

}  // namespace chat::gateway
