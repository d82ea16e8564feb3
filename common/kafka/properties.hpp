// From our settings to librdkafka's properties.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"

namespace chat::kafka {

enum class Role { admin, producer, consumer };

/// Name and value, in the order in which they are to be set. Of a name or its alias that is given twice, the
/// last value counts.
using Properties = std::vector<std::pair<std::string, std::string>>;

/// Pure. The properties that every client of the role has, then those that KAFKA_CONF_* passes through. A
/// user means SASL over TLS, a CA alone TLS, neither plain text. A KAFKA_CONF_* variable that would break
/// what the chat promises is refused; the error names it.
Result<Properties> properties_for(const config::KafkaSettings& settings, Role role,
                                  const std::string& client_id);

/// The environment's name of a property that is passed through: linger.ms → KAFKA_CONF_LINGER_MS.
std::string variable_of(const std::string& property);

/// Whether the value must not be shown (passwords, private keys).
bool is_secret(const std::string& property);

/// The values of all secrets among the settings, for masking them in what librdkafka logs.
std::vector<std::string> secrets_of(const config::KafkaSettings& settings);

}  // namespace chat::kafka
