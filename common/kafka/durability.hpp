// What the brokers are set to do for the topic's records when a machine fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"

namespace chat::kafka {

/// The least that holds for any partition on any broker; none where nobody told.
struct DurabilityFacts {
  std::optional<std::int64_t> replicas;
  std::optional<std::int64_t> min_insync_replicas;
  std::optional<bool> unclean_leader_election;
  std::vector<std::string> unreadable;  // "broker 2 (Cluster authorization failed)"
};

/// A setting as a broker tells it of the topic or of itself.
struct DescribedSetting {
  std::string value;
  bool is_topics_own = false;  // set on the topic; else each broker goes by its own
};
using DescribedSettings = std::map<std::string, DescribedSetting>;

/// Pure. Whether the topic leaves a setting that matters to the brokers, or does not tell.
bool depends_on_brokers(const Result<DescribedSettings>& topic);

/// Pure. `brokers` by their ids; they count where the topic depends on them.
DurabilityFacts durability_facts(std::optional<std::int64_t> replicas, const std::string& topic_name,
                                 const Result<DescribedSettings>& topic,
                                 const std::map<std::int32_t, Result<DescribedSettings>>& brokers);

/// Asks the brokers; blocks for at most about `wait`. What they do not tell in that time is unreadable. The
/// error is a sentence for the start: settings with which no client can be made.
Result<DurabilityFacts> read_durability(const config::KafkaSettings& settings,
                                        std::chrono::milliseconds wait);

}  // namespace chat::kafka
