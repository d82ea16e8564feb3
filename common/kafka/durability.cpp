#include "common/kafka/durability.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/handles.hpp"
#include "common/kafka/properties.hpp"

namespace chat::kafka {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* min_insync = "min.insync.replicas";
constexpr const char* unclean = "unclean.leader.election.enable";

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

void add(DurabilityFacts& facts, const DescribedSettings& settings) {
  if (const auto* setting = find(settings, min_insync)) {
    const auto value = number(setting->value);
    if (value) facts.min_insync_replicas = std::min(*value, facts.min_insync_replicas.value_or(*value));
  }
  if (const auto* setting = find(settings, unclean))
    facts.unclean_leader_election = setting->value == "true" || facts.unclean_leader_election.value_or(false);
}

/// One question to the brokers at a time, each with what is left of the time.
class Describer {
 public:
  Describer(const config::KafkaSettings& settings, Clock::time_point deadline)
      : settings_(settings), deadline_(deadline), events_(settings, "durability", nullptr) {}

  Result<DurabilityFacts> run() {
    const auto properties = properties_for(settings_, Role::admin, "chat-durability");
    if (!properties) return properties.error();
    const auto conf = make_conf(*properties);
    if (!conf) return conf.error();
    set_callback<RdKafka::EventCb>(**conf, "event_cb", &events_);
    std::string reason;
    client_.reset(RdKafka::Producer::create(conf->get(), reason));
    if (!client_) return Error{"the Kafka client cannot be made: " + reason};

    const auto replicas = read_metadata();
    const auto topic = describe(RD_KAFKA_RESOURCE_TOPIC, settings_.topic);
    std::map<std::int32_t, Result<DescribedSettings>> brokers;
    if (depends_on_brokers(topic))
      for (const std::int32_t id : broker_ids_)
        brokers.emplace(id, describe(RD_KAFKA_RESOURCE_BROKER, std::to_string(id)));
    client_->poll(0);
    return durability_facts(replicas, settings_.topic, topic, brokers);
  }

 private:
  int wait_ms() const {
    return static_cast<int>(
        std::max(std::chrono::ceil<milliseconds>(deadline_ - Clock::now()), milliseconds{1}).count());
  }

  /// Notes the brokers; gives the fewest replicas of a partition.
  std::optional<std::int64_t> read_metadata() {
    const rd_kafka_metadata_t* found = nullptr;
    // For all topics: asked for one, a broker that is set so would make it with its own defaults.
    if (rd_kafka_metadata(client_->c_ptr(), 1, nullptr, &found, wait_ms()) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::nullopt;
    const Metadata metadata(found);
    for (int i = 0; i < metadata->broker_cnt; ++i) broker_ids_.push_back(metadata->brokers[i].id);
    std::optional<std::int64_t> fewest;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const rd_kafka_metadata_topic& topic = metadata->topics[i];
      if (settings_.topic != topic.topic) continue;
      for (int p = 0; p < topic.partition_cnt; ++p) {
        const std::int64_t replicas = topic.partitions[p].replica_cnt;
        fewest = std::min(replicas, fewest.value_or(replicas));
      }
    }
    return fewest;
  }

  Result<DescribedSettings> describe(rd_kafka_ResourceType_t type, const std::string& name) {
    const Resource resource(rd_kafka_ConfigResource_new(type, name.c_str()));
    const AdminOptions options(
        rd_kafka_AdminOptions_new(client_->c_ptr(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
    std::array<char, 256> text{};
    const int wait = wait_ms();
    rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, text.data(), text.size());
    const Queue queue(rd_kafka_queue_new(client_->c_ptr()));
    rd_kafka_ConfigResource_t* asked = resource.get();
    rd_kafka_DescribeConfigs(client_->c_ptr(), &asked, 1, options.get(), queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), wait + 1000));
    if (!event) return Error{"no answer in time"};
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return Error{rd_kafka_event_error_string(event.get())};
    std::size_t count = 0;
    const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
    const auto* const* described = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1) return Error{"an answer to another question"};
    if (const auto error = rd_kafka_ConfigResource_error(described[0]); error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return Error{rd_kafka_err2str(error)};
    return entries_of(described[0]);
  }

  static DescribedSettings entries_of(const rd_kafka_ConfigResource_t* resource) {
    DescribedSettings settings;
    std::size_t count = 0;
    const auto* const* entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (std::size_t i = 0; i < count; ++i) {
      const char* value = rd_kafka_ConfigEntry_value(entries[i]);
      const auto source = rd_kafka_ConfigEntry_source(entries[i]);
      settings[rd_kafka_ConfigEntry_name(entries[i])] = {
          value == nullptr ? "" : value, source == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG};
    }
    return settings;
  }

  const config::KafkaSettings& settings_;
  const Clock::time_point deadline_;
  ClientEvents events_;
  std::unique_ptr<RdKafka::Producer> client_;
  std::vector<std::int32_t> broker_ids_;
};

}  // namespace

bool depends_on_brokers(const Result<DescribedSettings>& topic) {
  if (!topic) return true;
  return !std::ranges::all_of(std::array{min_insync, unclean}, [&](const char* name) {
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
  return facts;
}

Result<DurabilityFacts> read_durability(const config::KafkaSettings& settings, milliseconds wait) {
  return Describer(settings, Clock::now() + wait).run();
}

}  // namespace chat::kafka
