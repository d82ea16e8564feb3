// What a delivery report means for its record.
#pragma once

#include <cstddef>

#include "common/kafka/producer.hpp"
#include "gateway/journal/batch_size.hpp"

namespace chat::gateway {

enum class DeliveryVerdict {
  durable,
  too_large,       // Kafka never takes the record
  invalid,         // the same, because of the record's content
  produce_again,   // in a batch as before
  produce_smaller  // in a smaller batch, which will show which record is at fault
};

/// Pure. `record_bytes`: of the record's key and value. `batches`: the size that the batches had when the
/// record was sent.
DeliveryVerdict judge_delivery(kafka::DeliveryFault fault, std::size_t record_bytes,
                               const BatchSize& batches);

}  // namespace chat::gateway
