// Which settings of Kafka endanger acknowledged messages, and what to do about each.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings_table.hpp"
#include "common/kafka/durability.hpp"

namespace chat::kafka {

/// The names under which findings about Kafka are counted.
inline constexpr std::array<std::string_view, 8> durability_kinds{
    "replicas",  "min_insync_replicas", "unclean_leader_election",
    "compacted", "retention",           "max_message_bytes",
    "clock",     "unreadable"};

struct DurabilityFinding {
  std::string_view kind;  // one of a fixed set
  std::string what;
  std::string why;
  std::string remedy;

  /// For the log: what, why it matters, what to do.
  std::string sentence() const { return what + ": " + why + "; " + remedy; }
};

/// What the operator demands of a topic, beside what every topic must have.
struct DurabilityDemands {
  std::int64_t min_retention_hours = 7 * 24;  // must outlast the longest outage of the persister
  std::int64_t min_batch_bytes = 0;           // what the largest record needs
};

/// Adds the row of the demand that operators state.
void add_durability_settings(config::SettingsTable& table, DurabilityDemands& demands);

/// Pure. `reader` names whose user reads the settings ("the gateway").
std::vector<DurabilityFinding> durability_findings(const std::string& topic, const DurabilityFacts& facts,
                                                   const DurabilityDemands& demands,
                                                   const std::string& reader);

}  // namespace chat::kafka
