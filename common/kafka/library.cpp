#include "common/kafka/library.hpp"

#include <librdkafka/rdkafkacpp.h>

namespace chat::kafka {

std::pair<std::string, std::string> library() {
  return {"librdkafka", RdKafka::version_str()};
}

}  // namespace chat::kafka
