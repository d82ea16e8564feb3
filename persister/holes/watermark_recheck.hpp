// Has the rooms of a partition compared from their beginning after PostgreSQL lost rows of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/kafka/stored_progress.hpp"
#include "common/postgres/failure.hpp"
#include "persister/holes/hole_store.hpp"
#include "persister/holes/redis_rooms.hpp"
#include "persister/holes/work_limit.hpp"

namespace chat::persister {

/// One thread. PostgreSQL remembers of which partitions it lost rows until their rooms' watermarks were taken
/// away, so that the next scan watches them.
class WatermarkRecheck {
 public:
  /// All of it outlives this object. `period`: from one question to PostgreSQL to the next.
  WatermarkRecheck(RedisRooms& redis, HoleStore& store, const kafka::ProgressSources& sources,
                   const Clock& clock, std::chrono::milliseconds period)
      : redis_(redis), store_(store), sources_(sources), clock_(clock), period_(period) {}

  /// Asks PostgreSQL where that is due. The partitions of which rows were lost: nothing that was known of
  /// their rooms holds any more.
  std::vector<std::int32_t> begin_where_due(const std::set<std::int32_t>& partitions);

  /// Goes on with the scan of all watermarks. A failure: PostgreSQL did not note that it is done, and asks
  /// for it again.
  std::optional<postgres::Failure> work(const WorkLimit& limit);

 private:
  struct Scan {
    std::map<std::int32_t, StoredPosition> partitions;
    std::string next = "0";
    std::size_t rooms = 0;
  };

  bool take_step(Scan& scan);
  std::optional<postgres::Failure> finish(const Scan& scan);

  RedisRooms& redis_;
  HoleStore& store_;
  const kafka::ProgressSources& sources_;
  const Clock& clock_;
  const std::chrono::milliseconds period_;
  std::optional<Scan> scan_;
  Clock::TimePoint next_question_{};
};

}  // namespace chat::persister
