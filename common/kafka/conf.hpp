// Properties → RdKafka::Conf. Included inside common/kafka only.
#pragma once

#include <memory>

#include <librdkafka/rdkafkacpp.h>

#include "common/base/result.hpp"
#include "common/kafka/properties.hpp"

namespace chat::kafka {

/// A configuration with all properties set. The error names the property's variable and never shows a secret.
Result<std::unique_ptr<RdKafka::Conf>> make_conf(const Properties& properties);

/// Sets one of the callbacks, which must outlive the client. Throws std::logic_error if librdkafka knows none
/// of that name.
template <class Callback>
void set_callback(RdKafka::Conf& conf, const char* name, Callback* callback) {
  std::string reason;
  if (conf.set(name, callback, reason) != RdKafka::Conf::CONF_OK) throw std::logic_error(reason);
}

}  // namespace chat::kafka
