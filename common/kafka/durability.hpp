// The settings of topic and brokers that decide whether acknowledged records survive failures and time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace chat::kafka {

/// The weakest that holds for any partition on any broker; none where no broker told.
struct DurabilityFacts {
  std::optional<std::int64_t> replicas;
  std::optional<std::int64_t> min_insync_replicas;
  std::optional<bool> unclean_leader_election;
  std::optional<bool> is_compacted;                    // keeps one record a key
  std::optional<std::chrono::milliseconds> retention;  // age at which records are deleted; max(): never
  std::optional<std::int64_t> retention_bytes;         // size from which they are; max(): none
  std::optional<std::int64_t> max_batch_bytes;         // of records that are taken together
  std::optional<std::chrono::milliseconds> max_clock_difference;  // of a record's time; max(): any
  std::vector<std::string> unreadable;                            // "broker 2 (Cluster authorization failed)"
};

/// A setting as a broker tells it of the topic or of itself; under the topic's name for it.
struct DescribedSetting {
  std::string value;
  bool is_topics_own = false;  // set on the topic; else each broker goes by its own
};
using DescribedSettings = std::map<std::string, DescribedSetting>;

/// Pure. A broker's settings under the names that a topic has for them (log.retention.hours → retention.ms).
DescribedSettings as_topic_settings(const DescribedSettings& broker);

/// Pure. Whether the topic leaves a setting that matters to the brokers, or does not tell.
bool depends_on_brokers(const Result<DescribedSettings>& topic);

/// Pure. `brokers` by their ids, under the topic's names; they count where the topic depends on them.
DurabilityFacts durability_facts(std::optional<std::int64_t> replicas, const std::string& topic_name,
                                 const Result<DescribedSettings>& topic,
                                 const std::map<std::int32_t, Result<DescribedSettings>>& brokers);

}  // namespace chat::kafka
