// What is known of each partition that this persister reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "persister/interfaces/source.hpp"
#include "persister/interfaces/store.hpp"
#include "persister/pipeline/start_decision.hpp"

namespace chat::persister {

/// Pure; one thread. A partition waits to be started, or is read from the offset of its Start.
class PartitionBook {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void assign(const std::vector<std::int32_t>& partitions);
  void revoke(const std::vector<std::int32_t>& partitions);

  bool has(std::int32_t partition) const { return partitions_.contains(partition); }

  /// Those that wait to be started and may be by now.
  std::vector<std::int32_t> due(TimePoint now) const;
  bool has_due(TimePoint now) const;
  void put_off(const std::vector<std::int32_t>& partitions, TimePoint until);

  /// It is read now. `position`: PostgreSQL's.
  void begin(std::int32_t partition, const Start& start, const StoredPosition& position);

  enum class Doubt {
    position,
    other_topic,  // what the position knows is not there
    lost_rows,    // rows that it passes are not there
  };
  /// Its reading is in doubt and begins anew.
  void doubt(std::int32_t partition, Doubt doubt = Doubt::position);

  enum class Verdict {
    pass,
    skip,         // stored already, or of a reading that is over
    other_topic,  // not the record that the position knows
    doubtful,     // below what was read before
  };
  Verdict take(const SourceRecord& record);

  /// What the process knows of a partition, for decide_start.
  KnownPartition known(std::int32_t partition) const;

  /// What a transaction that deals with all up to `reached` does to the positions.
  std::vector<Advance> advances(const std::map<std::int32_t, StoredPosition>& reached) const;

  /// The transaction was committed.
  void committed(const std::vector<Advance>& advances);

  /// What is to be compared with Kafka: of each partition that is read, a record that was stored before the
  /// last audit, or the first that is known. A later one may be of another topic already.
  std::map<std::int32_t, KnownRecord> begin_audit();

  /// `answers`: whether the topic has each. Gives the partitions whose topic is another
  /// one; their reading begins anew.
  std::vector<std::int32_t> end_audit(const std::map<std::int32_t, bool>& answers);

  /// Whether PostgreSQL has all below this offset, as far as the process knows.
  bool has_stored(const Position& position) const;

  /// Partitions that are read although PostgreSQL has less of them than it had, or set their position anew.
  std::vector<std::int32_t> behind(const std::map<std::int32_t, StoredPosition>& rows) const;

 private:
  enum class State { waits, verifies, reads };
  struct Partition {
    State state = State::waits;
    TimePoint due{};
    StoredPosition stored;
    bool is_known = false;  // `stored` was PostgreSQL's
    bool is_other_topic = false;
    bool has_skipped = false;
    bool has_lost_rows = false;
    std::int64_t next = 0;                 // the least offset that may come
    KnownRecord proven{};                  // of the topic that is read, as of the last audit
    std::optional<KnownRecord> audited{};  // is so too where the topic still has `proven`
  };

  std::map<std::int32_t, Partition> partitions_;
};

}  // namespace chat::persister
