// Which settings of Kafka and Redis endanger what the gateway promises.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/kafka/durability_findings.hpp"
#include "common/redis/info.hpp"

namespace chat::gateway {

/// The names of all findings that the gateway can have, Kafka's and Redis's.
std::vector<std::string_view> all_durability_kinds();

/// Pure. `eviction_policy` is Redis's maxmemory-policy, or why it is not known.
std::vector<kafka::DurabilityFinding> redis_durability_findings(
    const Result<redis::EvictionPolicy>& eviction_policy);

/// Pure. Why a strict gateway does not start; one sentence with all findings, of which there is one at least.
std::string refusal_of(const std::vector<kafka::DurabilityFinding>& findings);

}  // namespace chat::gateway
