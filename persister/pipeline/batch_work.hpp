// Decides how one batch is stored: what to do next, which part to try, which rows are refused for good.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "persister/interfaces/receipts.hpp"
#include "persister/pipeline/batch.hpp"

namespace chat::persister {

/// Pure. Learns what happened and says what to do next: dead letters first, then the rows, then the
/// positions, then the commit of the offsets. A part of the rows that PostgreSQL refuses is halved until the
/// refused rows stand alone; the others are stored. Everything is kept until it is dealt with, so that each
/// step may be repeated after a pause or a crash.
class BatchWork {
 public:
  enum class Step { publish, store, commit };

  /// `poison_run`: refused rows of the batches directly before, where those were mostly refused as well.
  explicit BatchWork(Batch batch, std::size_t poison_run = 0);

  Step next() const;

  /// For Step::publish: the letter, and that its delivery report came.
  const DeadLetter& letter() const { return batch_.letters.front(); }
  void letter_published() { batch_.letters.pop_front(); }

  /// For Step::store: what one transaction takes. The positions go with the last part, when nothing before
  /// them is left.
  std::span<const Row> rows() const;
  std::map<std::int32_t, StoredPosition> positions() const;

  /// The refused rows' numbers, which go with the positions.
  std::span<const DeadNumber> dead_numbers() const;

  /// The batch's rows that earlier transactions stored, where the positions go with this one: these pass
  /// them.
  std::span<const RowKey> earlier_rows() const;

  /// The transaction was committed. Reused ids become letters. Gives the numbers that this resolved, room by
  /// room.
  std::vector<ResolvedNumbers> stored(const StoreOutcome& outcome);

  /// PostgreSQL refuses this part. False when so many rows are refused that the cause must be the database's
  /// set-up and not the rows: more than half of the batch, and at least `min_suspicious` rows of it and of
  /// the run before. All rows are then still held; the caller pauses with an alarm.
  bool refused(const postgres::Failure& failure);
  static constexpr std::size_t min_suspicious = 10;

  /// For Step::commit: the offsets.
  std::vector<Position> offsets() const { return to_positions(batch_.reached); }

  /// When the batch's first record was read, and Kafka's timestamp of it (-1: none).
  std::chrono::steady_clock::time_point since() const { return batch_.since; }
  std::int64_t oldest_timestamp() const { return batch_.oldest_timestamp; }

  /// The run for the batch after this one.
  std::size_t poison_run() const;

  /// Forgets everything of these partitions.
  void drop(std::span<const std::int32_t> partitions);

  /// Records that are not dealt with, for the log.
  std::size_t held() const;

 private:
  using Part = std::vector<Row>;

  struct Refused {
    Row row;
    std::string reason;
  };

  bool carries_positions() const;
  void remember(const Part& part);
  bool is_suspicious() const;
  void bury_refused();
  void expect_bound() const;

  Batch batch_;  // without its rows
  std::deque<Part> parts_;
  std::vector<RowKey> stored_;  // by the transactions before the one with the positions
  std::vector<Refused> refused_;
  std::vector<DeadNumber> dead_numbers_;  // of the refused rows that became letters
  std::size_t rows_at_start_;
  std::size_t held_at_start_ = 0;
  std::size_t run_before_;
  std::size_t dead_rows_ = 0;
  bool positions_stored_ = false;
  bool positions_go_alone_ = false;  // not with the last part
};

}  // namespace chat::persister
