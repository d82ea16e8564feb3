// Which settings of Kafka and Redis endanger acknowledged messages.
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

/// Pure. `eviction_policy` is Redis's maxmemory-policy, or the reason why it is unknown.
std::vector<kafka::DurabilityFinding> redis_durability_findings(
    const Result<redis::EvictionPolicy>& eviction_policy);

/// Pure. One sentence: why a strict gateway does not start. `findings` has at least one.
std::string refusal_of(const std::vector<kafka::DurabilityFinding>& findings);

}  // namespace chat::gateway
