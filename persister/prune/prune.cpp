#include "persister/prune/prune.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "common/kafka/stored_progress.hpp"
#include "common/metrics/metrics.hpp"
#include "common/postgres/positions.hpp"
#include "common/postgres/server_check.hpp"
#include "common/wire/limits.hpp"
#include "persister/holes/redis_rooms.hpp"
#include "persister/prune/prune_store.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* client_id = "chat-prune";
constexpr milliseconds kafka_wait{5'000};
constexpr milliseconds poll_wait{100};
constexpr std::chrono::seconds max_clock_difference{600};

/// Whether PostgreSQL has what Kafka has.
class StoredProof {
 public:
  explicit StoredProof(const PruneServers& servers)
      : topic_(servers.kafka.topic),
        database_(servers.database,
                  [](postgres::Database& database) {
                    return postgres::check_server(database, postgres::Use::read);
                  }),
        offsets_(kafka::EndOffsets::make(servers.kafka, client_id).value()),
        sources_(kafka::make_progress_sources(
            offsets_, [this] { return postgres::read_positions(database_, topic_); })) {}

  /// Everything that Kafka has now; it waits for the persister. None once that is stored, else the reason.
  std::optional<Error> wait(milliseconds limit, const std::atomic<bool>& stop) {
    const auto deadline = SteadyClock::now() + limit;
    if (auto error = read_ends()) return error;
    while (!stop) {
      kafka::ProgressLook look(sources_);
      auto error = missing(look);
      if (!error || SteadyClock::now() >= deadline) return error;
      std::this_thread::sleep_for(poll_wait);
    }
    return std::nullopt;
  }

 private:
  std::optional<Error> read_ends() {
    const auto partitions = offsets_->partitions(kafka_wait);
    for (std::int32_t partition = 0; partition < partitions.value_or(0); ++partition) {
      const auto end = offsets_->end_offset(partition, kafka_wait);
      if (!end) break;
      ends_[partition] = *end;
    }
    if (partitions && static_cast<std::int32_t>(ends_.size()) == *partitions) return std::nullopt;
    return Error{"Kafka does not answer or has no topic " + topic_ +
                 ": start it, or correct KAFKA_BROKER or KAFKA_TOPIC"};
  }

  std::optional<Error> missing(kafka::ProgressLook& look) {
    const auto* const positions = look.positions();
    if (positions == nullptr)
      return Error{
          "PostgreSQL does not tell the positions: see DATABASE_URL, and start this release's persister"};
    for (const auto& [partition, position] : *positions)
      if (position.rooms_unchecked)
        return Error{"PostgreSQL lost rows, and the persister still compares the rooms of partition " +
                     std::to_string(partition) + ": prune when it has finished"};
    for (const auto& [partition, end] : ends_)
      if (end > 0 && !look.has_stored(partition, end))
        return Error{"PostgreSQL does not have all yet that Kafka has of partition " +
                     std::to_string(partition) + ": prune when the persister has caught up"};
    return std::nullopt;
  }

  const std::string topic_;
  postgres::Database database_;
  std::shared_ptr<kafka::EndOffsets> offsets_;
  kafka::ProgressSources sources_;
  std::map<std::int32_t, std::int64_t> ends_;
};

class Pruning {
 public:
  Pruning(const PruneServers& servers, const PruneOptions& options, const std::atomic<bool>& stop,
          const std::function<void(const std::string&)>& tell)
      : options_(options),
        stop_(stop),
        tell_(tell),
        store_(servers.database),
        redis_(servers.redis, metrics_, {}, never_.get_token()) {}

  Result<PruneCount> run() {
    if (const auto begun = store_.begin(options_.age, max_clock_difference); !begun) return begun.error();
    if (auto error = wait_for_redis()) return *std::move(error);
    if (auto error = options_.room.empty() ? prune_all() : prune_room(options_.room))
      return *std::move(error);
    count_.was_stopped = stop_;
    return count_;
  }

 private:
  std::optional<Error> wait_for_redis() {
    const auto deadline = SteadyClock::now() + options_.wait;
    while (!redis_.ready() && !stop_ && SteadyClock::now() < deadline)
      redis_.serve_until(SteadyClock::now() + poll_wait);
    if (redis_.ready() || stop_) return std::nullopt;
    return redis_error();
  }

  static Error redis_error() {
    return Error{
        "Redis does not answer: start it, or correct REDIS_HOST and REDIS_PORT; run the prune again"};
  }

  std::optional<Error> prune_all() {
    std::string last;
    while (!stop_) {
      const auto found = store_.rooms_after(last);
      if (!found) return found.error();
      if (!found->last) return std::nullopt;
      for (const std::string& room : found->rooms) {
        if (stop_) return std::nullopt;
        if (auto error = prune_room(room)) return error;
      }
      last = *found->last;
    }
    return std::nullopt;
  }

  std::optional<Error> prune_room(const std::string& room) {
    const auto states = redis_.look({room});
    if (!states) return redis_error();
    const RoomState& state = states->front();
    // Of a room that Redis has forgotten everything is stored: it was silent for a week, or Redis lost it and
    // PostgreSQL has all that Kafka had.
    const bool is_gone = state.newest == Cursor{};
    const Cursor cap = is_gone ? Cursor{max_json_integer, max_json_integer} : state.watermark;
    const auto floor = store_.floor(room);
    if (!floor) return floor.error();
    const std::size_t before = count_.rows;
    auto error = prune_up_to(room, *floor, cap);
    if (count_.rows > before) ++count_.rooms;
    return error;
  }

  std::optional<Error> prune_up_to(const std::string& room, Cursor floor, Cursor cap) {
    if (floor.epoch >= 0 && !options_.dry_run) {
      const auto cleared = store_.clear(room, floor, options_.batch);
      if (!cleared) return cleared.error();
      count_.rows += *cleared;
    }
    if (cap == Cursor{}) {
      ++count_.waiting;
      return std::nullopt;
    }
    for (bool is_last = false; !is_last && !stop_;) {
      const auto begin = SteadyClock::now();
      const auto rows = store_.oldest(room, floor, cap, options_.batch + 1);
      if (!rows) return rows.error();
      const Prefix prefix = prefix_of(*rows, options_.batch);
      is_last = prefix.is_last || !prefix.floor;
      if (!prefix.floor) break;
      if (auto error = take(room, floor, prefix)) return error;
      floor = *prefix.floor;
      rest(SteadyClock::now() - begin);
    }
    if (floor.epoch < 0 || options_.dry_run) return std::nullopt;
    const auto cleared = store_.clear(room, floor, options_.batch);
    return cleared ? std::nullopt : std::optional(cleared.error());
  }

  /// The stream first: PostgreSQL has all up to the watermark, so nothing is missing in between, and no
  /// reader finds in the stream what is deleted.
  std::optional<Error> take(const std::string& room, Cursor floor, const Prefix& prefix) {
    std::size_t rows = prefix.rows;
    if (!options_.dry_run) {
      if (!redis_.trim(room, *prefix.floor)) return redis_error();
      const auto deleted = store_.raise(room, floor, *prefix.floor);
      if (!deleted) return deleted.error();
      rows = *deleted;
    }
    count_.rows += rows;
    tell_("room " + room + ": " + std::to_string(rows) +
          (options_.dry_run ? " would be deleted" : " deleted") + ", up to epoch " +
          std::to_string(prefix.floor->epoch) + " seq " + std::to_string(prefix.floor->seq));
    return std::nullopt;
  }

  /// The traffic of others gets at least as much of the servers as this. Redis is served meanwhile.
  void rest(SteadyClock::duration time) {
    if (!options_.dry_run) redis_.serve_until(SteadyClock::now() + time);
  }

  const PruneOptions& options_;
  const std::atomic<bool>& stop_;
  const std::function<void(const std::string&)>& tell_;
  Metrics metrics_;
  std::stop_source never_;
  PruneStore store_;
  RedisRooms redis_;
  PruneCount count_;
};

}  // namespace

Result<PruneCount> prune(const PruneServers& servers, const PruneOptions& options,
                         const std::atomic<bool>& stop, const std::function<void(const std::string&)>& tell) {
  if (auto error = StoredProof(servers).wait(options.wait, stop)) return *std::move(error);
  return Pruning(servers, options, stop, tell).run();
}

}  // namespace chat::persister
