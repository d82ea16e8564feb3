// librdkafka's message as a record of ours, for the files of this folder.
#pragma once

#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/consumer.hpp"

namespace chat::kafka {

/// Copies everything out of a message without an error.
ConsumedRecord to_record(RdKafka::Message& message);

}  // namespace chat::kafka
