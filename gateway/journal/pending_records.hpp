// The records whose good delivery report is still out, and the calls that wait for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/wire/uuid.hpp"
#include "gateway/journal/journal.hpp"

namespace chat::gateway {

struct DurableWaiter {
  std::size_t worker = 0;
  std::function<void()> on_durable;
  std::function<void(JournalRefusal)> on_refused;
};

struct PendingRecord {
  Uuid id;
  std::string room;
  std::string value;
  std::size_t held_bytes = 0;
  std::chrono::steady_clock::time_point appended;
  std::uint64_t order = 0;             // of appending
  bool is_produced = false;            // a producer has it, and its report is still out
  std::vector<DurableWaiter> waiters;  // the first is the record's own
  RecordTrace trace{};
  bool carries_trace = false;  // a header says which trace it belongs to
};

/// Pure; the caller locks. A record is known by room and id, since a client may use one id in two rooms.
/// Addresses of records hold until they are taken out.
class PendingRecords {
 public:
  /// The record that was added. Null when its room and id were there already: then its waiters joined those
  /// of the earlier one.
  PendingRecord* add(PendingRecord record);

  /// Has to be produced (again); it keeps its order.
  void await_producing(PendingRecord& record);
  /// The same for every record.
  void await_producing_all();
  /// The oldest that has to be produced, or null; it stays so until produced() is told.
  PendingRecord* next_to_produce() const;
  void produced(PendingRecord& record);

  /// Takes it out for good.
  std::unique_ptr<PendingRecord> take(const PendingRecord& record);

  std::size_t size() const { return records_.size(); }
  bool empty() const { return records_.empty(); }

 private:
  struct Key {
    Uuid id;
    std::string_view room;  // of the record itself
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };

  std::unordered_map<Key, std::unique_ptr<PendingRecord>, Hash> records_;
  std::map<std::uint64_t, PendingRecord*> to_produce_;
  std::uint64_t next_order_ = 0;
};

}  // namespace chat::gateway
