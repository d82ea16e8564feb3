// Whether a record that is produced to a topic would be taken now, and if not why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/trouble.hpp"

namespace chat::kafka {

struct PartitionHealth {
  std::int32_t id = 0;
  bool has_leader = false;
  std::int64_t in_sync = 0;
};

/// What the brokers answered. Errors are librdkafka's numbers, 0 for none.
struct TopicHealth {
  int error = 0;  // no answer, a refused login, …
  std::string reason;
  bool exists = false;
  std::vector<PartitionHealth> partitions;
  std::optional<std::int64_t> min_in_sync;  // of the topic's settings, if they may be read
  int write_error = 0;                      // of a write that was tried
};

/// Pure. None where a record would be taken.
std::optional<Trouble> trouble_of(const std::string& topic, const TopicHealth& health);

/// Pure. What an error means to an operator. `error` is librdkafka's number; `reason` its own words.
Trouble trouble_of_error(const std::string& topic, int error, const std::string& reason);

}  // namespace chat::kafka
