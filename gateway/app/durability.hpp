// Which settings of Kafka and Redis endanger what the gateway promises.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/kafka/durability_findings.hpp"
#include "common/redis/info.hpp"

namespace chat::gateway {

/// The names of findings that are not about Kafka alone (kafka::durability_kinds).
inline constexpr std::array<std::string_view, 1> redis_durability_kinds{"redis_eviction"};

/// Pure. `eviction_policy` is Redis's maxmemory-policy, or why it is not known.
std::vector<kafka::DurabilityFinding> redis_durability_findings(
    const Result<redis::EvictionPolicy>& eviction_policy);

/// Pure. Why a strict gateway does not start; one sentence with all findings, of which there is one at least.
std::string refusal_of(const std::vector<kafka::DurabilityFinding>& findings);

}  // namespace chat::gateway
