#include "common/kafka/durability.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;

constexpr const char* min_insync = "min.insync.replicas";
constexpr const char* unclean = "unclean.leader.election.enable";
constexpr const char* cleanup = "cleanup.policy";
constexpr const char* retention = "retention.ms";
constexpr const char* retained_bytes = "retention.bytes";
constexpr const char* message_bytes = "max.message.bytes";
constexpr const char* segment_bytes = "segment.bytes";
constexpr const char* timestamp_type = "message.timestamp.type";
constexpr const char* before = "message.timestamp.before.max.ms";
constexpr const char* after = "message.timestamp.after.max.ms";
constexpr const char* difference = "message.timestamp.difference.max.ms";  // both of them, before Kafka 3.6

constexpr std::array settings_that_count{min_insync,     unclean,       cleanup,       retention,
                                         retained_bytes, message_bytes, segment_bytes, timestamp_type,
                                         before,         after};

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional(value) : std::nullopt;
}

const DescribedSetting* find(const DescribedSettings& settings, const char* name) {
  const auto found = settings.find(name);
  return found == settings.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> number_of(const DescribedSettings& settings, const char* name) {
  const auto* setting = find(settings, name);
  return setting == nullptr ? std::nullopt : number(setting->value);
}

template <class T>
void lower(std::optional<T>& least, std::optional<T> value) {
  if (value) least = std::min(*value, least.value_or(*value));
}

/// Kafka writes -1 for no limit.
std::optional<std::int64_t> limit_of(const DescribedSettings& settings, const char* name) {
  const auto value = number_of(settings, name);
  return value && *value < 0 ? std::numeric_limits<std::int64_t>::max() : value;
}

std::optional<milliseconds> time_limit_of(const DescribedSettings& settings, const char* name) {
  const auto value = limit_of(settings, name);
  return value ? std::optional(milliseconds{*value}) : std::nullopt;
}

void add(DurabilityFacts& facts, const DescribedSettings& settings) {
  lower(facts.min_insync_replicas, number_of(settings, min_insync));
  if (const auto* setting = find(settings, unclean))
    facts.unclean_leader_election = setting->value == "true" || facts.unclean_leader_election.value_or(false);
  if (const auto* setting = find(settings, cleanup))
    facts.is_compacted =
        setting->value.find("compact") != std::string::npos || facts.is_compacted.value_or(false);
  lower(facts.retention, time_limit_of(settings, retention));
  lower(facts.retention_bytes, limit_of(settings, retained_bytes));
  lower(facts.max_batch_bytes, number_of(settings, message_bytes));
  lower(facts.max_batch_bytes, number_of(settings, segment_bytes));
  for (const char* name : {before, after, difference})
    lower(facts.max_clock_difference, time_limit_of(settings, name));
}

bool is_append_time(const Result<DescribedSettings>& settings) {
  const auto* setting = settings ? find(*settings, timestamp_type) : nullptr;
  return setting != nullptr && setting->value == "LogAppendTime";
}

/// Whether every broker stamps records by its own clock: then it refuses none for its time.
bool has_broker_time(const Result<DescribedSettings>& topic,
                     const std::map<std::int32_t, Result<DescribedSettings>>& brokers) {
  if (const auto* own = topic ? find(*topic, timestamp_type) : nullptr; own != nullptr && own->is_topics_own)
    return is_append_time(topic);
  return is_append_time(topic) &&
         std::ranges::all_of(brokers, [](const auto& broker) { return is_append_time(broker.second); });
}

}  // namespace

DescribedSettings as_topic_settings(const DescribedSettings& broker) {
  constexpr std::int64_t minute_ms = 60'000;
  constexpr std::int64_t hour_ms = 60 * minute_ms;
  DescribedSettings settings;
  for (const auto& [name, setting] : broker) {
    if (name == "message.max.bytes")
      settings[message_bytes] = setting;
    else
      settings[name.starts_with("log.") ? name.substr(4) : name] = setting;
  }
  // The finest of the three that is set holds.
  if (number_of(broker, "log.retention.ms")) return settings;
  settings.erase(retention);
  const auto minutes = number_of(broker, "log.retention.minutes");
  const auto hours = number_of(broker, "log.retention.hours");
  if (minutes)
    settings[retention].value = std::to_string(*minutes < 0 ? -1 : *minutes * minute_ms);
  else if (hours)
    settings[retention].value = std::to_string(*hours < 0 ? -1 : *hours * hour_ms);
  return settings;
}

bool depends_on_brokers(const Result<DescribedSettings>& topic) {
  if (!topic) return true;
  return !std::ranges::all_of(settings_that_count, [&](const char* name) {
    const auto* setting = find(*topic, name);
    return setting != nullptr && setting->is_topics_own;
  });
}

DurabilityFacts durability_facts(std::optional<std::int64_t> replicas, const std::string& topic_name,
                                 const Result<DescribedSettings>& topic,
                                 const std::map<std::int32_t, Result<DescribedSettings>>& brokers) {
  DurabilityFacts facts;
  facts.replicas = replicas;
  if (!replicas)
    facts.unreadable.push_back("the partitions of topic " + topic_name + " (no broker lists them)");
  if (topic)
    add(facts, *topic);
  else
    facts.unreadable.push_back("topic " + topic_name + " (" + topic.error().message + ")");
  for (const auto& [id, broker] : brokers) {
    if (!broker) {
      facts.unreadable.push_back("broker " + std::to_string(id) + " (" + broker.error().message + ")");
      continue;
    }
    DescribedSettings counting = *broker;
    if (topic)
      std::erase_if(counting, [&](const auto& setting) {
        const auto* on_topic = find(*topic, setting.first.c_str());
        return on_topic != nullptr && on_topic->is_topics_own;
      });
    add(facts, counting);
  }
  if (has_broker_time(topic, brokers)) facts.max_clock_difference = milliseconds::max();
  return facts;
}

}  // namespace chat::kafka
