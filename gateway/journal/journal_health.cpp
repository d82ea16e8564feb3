#include "gateway/journal/journal_health.hpp"

#include <utility>

namespace chat::gateway {

void JournalHealth::set_trouble(std::optional<Trouble> trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

bool JournalHealth::healthy(bool is_stalled) const {
  return !is_rebuilding() && has_broker_.load(std::memory_order_relaxed) && !is_stalled;
}

std::optional<Trouble> JournalHealth::trouble(bool is_stalled) const {
  {
    const std::lock_guard lock(mutex_);
    if (trouble_) return trouble_;
  }
  if (!has_broker_.load(std::memory_order_relaxed))
    return Trouble{"unreachable", "no Kafka broker can be reached",
                   "start them, or set KAFKA_BROKER to where they are"};
  if (!healthy(is_stalled))
    return Trouble{"stalled", "Kafka has confirmed none of the messages in the journal for 10 s",
                   "look at the brokers' replicas, disks and logs"};
  return std::nullopt;
}

}  // namespace chat::gateway
