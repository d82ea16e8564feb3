// The numbers of one session's messages in one room, from the accept script's reply until they are
// acknowledged and stored. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_numbers.hpp"
#include "common/wire/uuid.hpp"

namespace chat::gateway {

/// Decides what a `stored` frame may claim (PROTOCOL.md, stored). A number counts from the script's reply on.
/// It holds the receipt back until it is both acknowledged and stored, whatever the client was told
/// meanwhile.
///
/// Bounded while PostgreSQL is away: above 512 entries, neighbours of the older half that are acknowledged
/// and not stored become one span. A span counts as stored once each of its numbers, other senders' included,
/// was reported or is not above the watermark. The journal bounds the numbers that are not acknowledged.
class OwnNumbers {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t max_entries = 512;

  /// The script gave the number, for the first time or again. A known number stays as it is.
  void accepted(Cursor number, const Uuid& id, TimePoint now);

  /// Kafka has it. An unknown number is ignored.
  void acked(Cursor number);

  /// PostgreSQL has these numbers, and those of the watermark's epoch up to the watermark.
  void stored(const StoredNumbers& told);

  /// The highest number up to which all are acknowledged and stored; none if none became so since the last
  /// call. It never falls. The same number comes twice only if a number below it was given after it (a retry
  /// of an older message): the sender would otherwise not learn that the older message is stored.
  std::optional<Cursor> take_receipt();

  bool empty() const { return entries_.empty(); }

  /// How many are not both acknowledged and stored yet.
  std::size_t waiting() const { return waiting_; }

  struct Unstored {
    Cursor number;
    Uuid id;
  };
  /// Numbers that are not known to be stored, were accepted at `until` or before, and are in no span. The
  /// lowest first, at most `most`.
  std::vector<Unstored> unstored(TimePoint until, std::size_t most) const;

 private:
  /// One number, or a span of them.
  struct Entry {
    std::int64_t epoch = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t next = 0;  // the first that is not known to be stored; above `last` once all are
    Uuid id;                // of the first
    TimePoint since;
    std::size_t count = 1;
    bool is_acked = false;

    bool is_stored() const { return next > last; }
  };
  using Entries = std::vector<Entry>;

  static Cursor end_of(const Entry& entry) { return {entry.epoch, entry.last}; }
  Entries::iterator first_from(Cursor number);
  void mark(const NumberRange& range);
  void compress();
  static bool can_join(const Entry& a, const Entry& b);

  Entries entries_;  // in rising order, without overlap
  std::size_t compress_at_ = max_entries;
  std::size_t waiting_ = 0;
  Cursor highest_;  // up to here all were acknowledged and stored
};

}  // namespace chat::gateway
