// The numbers that one session got in one room, from the accept script's reply until they are acknowledged
// and stored. Pure.
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

/// Decides what a `stored` frame may claim (PROTOCOL): a number counts from the script's reply on, and holds
/// the receipt back until it is both acknowledged and stored, whatever its client was told meanwhile.
///
/// Bounded while PostgreSQL is away: over 512 entries, neighbours of the older half that are acknowledged and
/// not stored become one span, which counts as stored once all its numbers, other senders' too, were told or
/// lie at or below the watermark. What is not acknowledged is bounded by the journal.
class OwnNumbers {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t max_entries = 512;

  /// The script gave the number, for the first time or again; a number that is already here stays as it is.
  void accepted(Cursor number, const Uuid& id, TimePoint now);

  /// Kafka has it. A number that is not here any more is ignored.
  void acked(Cursor number);

  /// PostgreSQL has these, and all of the watermark's epoch up to the watermark.
  void stored(const StoredNumbers& told);

  /// The highest own number up to which all are acknowledged and stored, when one of them became so since the
  /// last call. It never falls, and comes a second time only when a number below it was given after it (a
  /// retry of an older message), since that one's sender would else never hear of it.
  std::optional<Cursor> take_receipt();

  bool empty() const { return entries_.empty(); }

  /// How many are not both acknowledged and stored yet.
  std::size_t waiting() const { return waiting_; }

  struct Unstored {
    Cursor number;
    Uuid id;
  };
  /// Those not in a span that are not known to be stored and were accepted at `until` or before, oldest
  /// number first, at most `most`.
  std::vector<Unstored> unstored(TimePoint until, std::size_t most) const;

 private:
  /// One number, or a span of them.
  struct Entry {
    std::int64_t epoch = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t next = 0;  // the first that is not known to be stored; behind `last` when all are
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
  Cursor highest_;  // that were acknowledged and stored
};

}  // namespace chat::gateway
