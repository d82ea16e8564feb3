#include "gateway/journal/delivery_verdict.hpp"

namespace chat::gateway {

DeliveryVerdict judge_delivery(kafka::DeliveryFault fault, std::size_t record_bytes,
                               const BatchSize& batches) {
  using kafka::DeliveryFault;
  const bool was_alone = batches.was_alone(record_bytes);
  switch (fault) {
    case DeliveryFault::none:
      return DeliveryVerdict::durable;
    case DeliveryFault::abandoned:
    case DeliveryFault::passing:
      return DeliveryVerdict::produce_again;
    case DeliveryFault::record_too_large:
      return DeliveryVerdict::too_large;
    case DeliveryFault::batch_too_large:
      return was_alone ? DeliveryVerdict::too_large : DeliveryVerdict::produce_smaller;
    case DeliveryFault::batch_invalid:
      return was_alone ? DeliveryVerdict::invalid : DeliveryVerdict::produce_smaller;
  }
  return DeliveryVerdict::produce_again;
}

}  // namespace chat::gateway
