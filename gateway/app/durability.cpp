#include "gateway/app/durability.hpp"

#include <cstdint>

namespace chat::gateway {
namespace {

constexpr std::string_view redis_eviction = "redis_eviction";
constexpr std::string_view unreadable = "unreadable";

}  // namespace

std::vector<std::string_view> all_durability_kinds() {
  std::vector<std::string_view> kinds(kafka::durability_kinds.begin(), kafka::durability_kinds.end());
  kinds.push_back(redis_eviction);
  return kinds;
}

std::vector<kafka::DurabilityFinding> redis_durability_findings(
    const Result<redis::EvictionPolicy>& eviction_policy) {
  std::vector<kafka::DurabilityFinding> findings;
  if (!eviction_policy)
    findings.push_back(
        {unreadable, "Redis does not tell its maxmemory-policy (" + eviction_policy.error().message + ")",
         "whether it may evict numbers, ids and messages is not known", "allow the gateway's user INFO"});
  else if (eviction_policy->name != "noeviction")
    findings.push_back({redis_eviction,
                        "Redis may evict keys (maxmemory-policy " + eviction_policy->name + ")",
                        "a room may lose its numbers, the ids that keep retries from being shown twice, and "
                        "messages that Kafka does not have yet",
                        "set maxmemory-policy to noeviction"});
  return findings;
}

std::string refusal_of(const std::vector<kafka::DurabilityFinding>& findings) {
  std::string list;
  for (const kafka::DurabilityFinding& finding : findings) list += (list.empty() ? "" : "; ") + finding.what;
  return "STRICT_DURABILITY is set and acknowledged messages are not safe, so the gateway does not start "
         "(the warnings above say what to do): " +
         list;
}

}  // namespace chat::gateway
