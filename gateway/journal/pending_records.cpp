#include "gateway/journal/pending_records.hpp"

#include <utility>

namespace chat::gateway {

std::size_t PendingRecords::Hash::operator()(const Key& key) const noexcept {
  return std::hash<Uuid>{}(key.id) * 31 + std::hash<std::string_view>{}(key.room);
}

PendingRecord* PendingRecords::add(PendingRecord record) {
  if (const auto found = records_.find(Key{record.id, record.room}); found != records_.end()) {
    for (auto& waiter : record.waiters) found->second->waiters.push_back(std::move(waiter));
    return nullptr;
  }
  auto owned = std::make_unique<PendingRecord>(std::move(record));
  owned->order = next_order_++;
  PendingRecord* added = owned.get();
  records_.emplace(Key{added->id, added->room}, std::move(owned));
  return added;
}

void PendingRecords::await_producing(PendingRecord& record) {
  record.is_produced = false;
  to_produce_.emplace(record.order, &record);
}

void PendingRecords::await_producing_all() {
  for (const auto& [key, record] : records_) await_producing(*record);
}

PendingRecord* PendingRecords::next_to_produce() const {
  return to_produce_.empty() ? nullptr : to_produce_.begin()->second;
}

void PendingRecords::produced(PendingRecord& record) {
  record.is_produced = true;
  to_produce_.erase(record.order);
}

std::unique_ptr<PendingRecord> PendingRecords::take(const PendingRecord& record) {
  to_produce_.erase(record.order);
  const auto found = records_.find(Key{record.id, record.room});
  // The key's view is into the record, which therefore has to outlive the node.
  auto taken = std::move(found->second);
  records_.erase(found);
  return taken;
}

}  // namespace chat::gateway
