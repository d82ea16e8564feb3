#include "common/kafka/message.hpp"

namespace chat::kafka {

ConsumedRecord to_record(RdKafka::Message& message) {
  ConsumedRecord record;
  record.partition = message.partition();
  record.offset = message.offset();
  if (message.key_len() > 0)
    record.key.assign(static_cast<const char*>(message.key_pointer()), message.key_len());
  if (message.len() > 0) record.value.assign(static_cast<const char*>(message.payload()), message.len());
  const auto time = message.timestamp();
  if (time.type != RdKafka::MessageTimestamp::MSG_TIMESTAMP_NOT_AVAILABLE) record.timestamp = time.timestamp;
  if (auto* const headers = message.headers()) {
    for (const auto& header : headers->get_all()) {
      const auto* const value = static_cast<const char*>(header.value());
      record.headers.emplace_back(header.key(),
                                  value == nullptr ? std::string{} : std::string(value, header.value_size()));
    }
  }
  return record;
}

}  // namespace chat::kafka
