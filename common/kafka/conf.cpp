#include "common/kafka/conf.hpp"

namespace chat::kafka {

Result<std::unique_ptr<RdKafka::Conf>> make_conf(const Properties& properties) {
  std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  for (const auto& [name, value] : properties) {
    std::string reason;
    switch (conf->set(name, value, reason)) {
      case RdKafka::Conf::CONF_OK:
        break;
      case RdKafka::Conf::CONF_UNKNOWN:
        return Error{variable_of(name) + ": librdkafka " + RdKafka::version_str() + " has no property " +
                     name + "; see its CONFIGURATION.md for the names"};
      default:
        return Error{variable_of(name) + ": librdkafka does not take the value of " + name +
                     (is_secret(name) ? std::string() : " (" + reason + ")") + "; correct or remove it"};
    }
  }
  return conf;
}

}  // namespace chat::kafka
