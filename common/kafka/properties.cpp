#include "common/kafka/properties.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

namespace chat::kafka {
namespace {

constexpr std::string_view promise =
    "cannot be set: that an acknowledged message is never lost rests on the chat's own value";
constexpr std::string_view own_setting = "cannot be set: use the setting of its own";
constexpr std::string_view rebalances = "cannot be set: the persister is written for its own value";

struct Refusal {
  std::string_view property;
  std::string_view why;
};

constexpr std::array refusals{
    Refusal{"acks", promise},
    Refusal{"request.required.acks", promise},
    Refusal{"enable.idempotence", promise},
    Refusal{"message.timeout.ms", promise},
    Refusal{"delivery.timeout.ms", promise},
    Refusal{"transactional.id", promise},
    Refusal{"partitioner", promise},
    Refusal{"auto.offset.reset", promise},
    Refusal{"enable.auto.commit", promise},
    Refusal{"auto.commit.enable", promise},
    Refusal{"enable.auto.offset.store", promise},
    Refusal{"enable.partition.eof", rebalances},
    Refusal{"partition.assignment.strategy", rebalances},
    Refusal{"group.protocol", rebalances},
    Refusal{"log.queue", rebalances},
    Refusal{"bootstrap.servers", own_setting},
    Refusal{"metadata.broker.list", own_setting},
    Refusal{"group.id", own_setting},
    Refusal{"queue.buffering.max.messages", own_setting},
    Refusal{"queue.buffering.max.kbytes", own_setting},
    Refusal{"group.instance.id", own_setting},
    Refusal{"enable.ssl.certificate.verification",
            "cannot be set: name the broker's CA with KAFKA_CA_FILE instead of trusting everyone"},
};

std::optional<Error> refusal_of(const config::KafkaSettings& settings) {
  for (const auto& [name, value] : settings.conf) {
    const auto found = std::ranges::find(refusals, name, &Refusal::property);
    if (found != refusals.end()) return Error{variable_of(name) + " " + std::string(found->why)};
  }
  return std::nullopt;
}

bool is_loopback(std::string_view broker) {
  return broker.starts_with("127.") || broker.starts_with("localhost:") || broker == "localhost";
}

bool are_all_loopback(std::string_view brokers) {
  while (!brokers.empty()) {
    const auto comma = brokers.find(',');
    auto broker = brokers.substr(0, comma);
    broker.remove_prefix(std::min(broker.find_first_not_of(' '), broker.size()));
    if (!broker.empty() && !is_loopback(broker)) return false;
    brokers.remove_prefix(comma == std::string_view::npos ? brokers.size() : comma + 1);
  }
  return true;
}

void add_security(Properties& properties, const config::KafkaSettings& settings) {
  const bool has_user = !settings.username.empty();
  if (has_user) {
    properties.emplace_back("security.protocol", "sasl_ssl");
    properties.emplace_back("sasl.mechanism", settings.sasl_mechanism);
    properties.emplace_back("sasl.username", settings.username);
    properties.emplace_back("sasl.password", settings.password);
  } else if (!settings.ca_file.empty()) {
    properties.emplace_back("security.protocol", "ssl");
  }
  // Without it the system's CAs hold.
  if (!settings.ca_file.empty()) properties.emplace_back("ssl.ca.location", settings.ca_file);
  if (has_user || !settings.ca_file.empty())
    properties.emplace_back("ssl.endpoint.identification.algorithm", "https");
}

void add_producer(Properties& properties) {
  properties.insert(properties.end(), {{"enable.idempotence", "true"},
                                       {"acks", "all"},
                                       {"max.in.flight", "5"},
                                       {"message.timeout.ms", "0"},
                                       {"partitioner", "murmur2_random"},
                                       {"compression.type", "lz4"},
                                       {"linger.ms", "2"}});
}

void add_consumer(Properties& properties) {
  properties.insert(properties.end(), {{"enable.auto.commit", "false"},
                                       {"enable.auto.offset.store", "false"},
                                       {"auto.offset.reset", "earliest"},
                                       {"partition.assignment.strategy", "range"},
                                       {"session.timeout.ms", "10000"},
                                       {"heartbeat.interval.ms", "3000"},
                                       {"allow.auto.create.topics", "false"},
                                       // Else the broker answers a fetch for every record that comes.
                                       {"fetch.wait.max.ms", "20"},
                                       {"fetch.min.bytes", "65536"},
                                       {"queued.min.messages", "5000"},
                                       {"queued.max.messages.kbytes", "8192"}});
}

}  // namespace

std::string variable_of(const std::string& property) {
  std::string name = "KAFKA_CONF_" + property;
  for (char& c : name) c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

bool is_secret(const std::string& property) {
  constexpr std::array<std::string_view, 5> marks{"password", "secret", ".pem", "ssl.key",
                                                  "oauthbearer.config"};
  return std::ranges::any_of(marks,
                             [&](std::string_view mark) { return property.find(mark) != std::string::npos; });
}

std::vector<std::string> secrets_of(const config::KafkaSettings& settings) {
  std::vector<std::string> secrets;
  if (!settings.password.empty()) secrets.push_back(settings.password);
  for (const auto& [name, value] : settings.conf)
    if (is_secret(name) && !value.empty()) secrets.push_back(value);
  return secrets;
}

Result<Properties> properties_for(const config::KafkaSettings& settings, Role role,
                                  const std::string& client_id) {
  if (auto refusal = refusal_of(settings)) return *std::move(refusal);
  Properties properties{{"bootstrap.servers", settings.brokers}, {"client.id", client_id},
                        {"socket.keepalive.enable", "true"},     {"socket.nagle.disable", "true"},
                        {"reconnect.backoff.ms", "100"},         {"reconnect.backoff.max.ms", "5000"},
                        {"log.connection.close", "false"},       {"statistics.interval.ms", "5000"}};
  if (are_all_loopback(settings.brokers)) properties.emplace_back("broker.address.family", "v4");
  add_security(properties, settings);
  if (role == Role::producer) add_producer(properties);
  if (role == Role::consumer) add_consumer(properties);
  for (const auto& property : settings.conf) properties.emplace_back(property);
  return properties;
}

}  // namespace chat::kafka
