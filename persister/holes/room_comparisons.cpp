#include "persister/holes/room_comparisons.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

constexpr std::size_t rooms_a_step = 200;

}  // namespace

void RoomComparisons::add(ProvenRoom room) {
  rooms_.insert(room.room);
  proven_.push_back(std::move(room));
}

void RoomComparisons::clear() {
  proven_.clear();
  comparisons_.clear();
  rooms_.clear();
}

RoomComparisons::Outcome RoomComparisons::work(const std::set<std::int32_t>& partitions,
                                               const WorkLimit& limit) {
  Outcome outcome;
  while (!proven_.empty() && !limit.is_over()) {
    if (begin_some()) continue;
    outcome.is_redis_lost = true;
    return outcome;
  }
  // One page of each room in turn, so that a long room does not keep the others waiting.
  Step step = Step::more;
  while (!comparisons_.empty() && step != Step::failed && !limit.is_over()) {
    Comparison comparison = std::move(comparisons_.front());
    comparisons_.pop_front();
    const bool is_ours = partitions.contains(comparison.room.partition);
    step = is_ours ? compare_page(comparison, outcome) : Step::over;
    if (step == Step::more) {
      comparisons_.push_back(std::move(comparison));
      continue;
    }
    rooms_.erase(comparison.room.room);
    report(comparison);
  }
  return outcome;
}

/// Most rooms are stored up to their newest number by now, and cost PostgreSQL nothing. False when Redis is
/// away.
bool RoomComparisons::begin_some() {
  const std::size_t count = std::min(proven_.size(), rooms_a_step);
  const auto end = proven_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<std::string> rooms;
  std::transform(proven_.begin(), end, std::back_inserter(rooms),
                 [](const ProvenRoom& room) { return room.room; });
  const auto states = redis_.look(rooms);
  if (!states) return false;
  for (std::size_t i = 0; i < count; ++i) begin(std::move(proven_[i]), (*states)[i]);
  proven_.erase(proven_.begin(), end);
  return true;
}

void RoomComparisons::begin(ProvenRoom room, const RoomState& state) {
  // A Redis that lost data knows other numbers than the ones that were proven.
  const bool is_same = room.run == redis_.run_id() && room.candidate.epoch == state.newest.epoch &&
                       room.candidate <= state.newest;
  if (is_same && state.watermark < room.candidate)
    comparisons_.push_back({std::move(room), state.watermark});
  else
    rooms_.erase(room.room);
}

RoomComparisons::Step RoomComparisons::compare_page(Comparison& comparison, Outcome& outcome) {
  const ProvenRoom& room = comparison.room;
  auto entries = redis_.entries(room.room, comparison.after, room.candidate, limits_.entries);
  if (!entries || redis_.run_id() != room.run) {
    outcome.is_redis_lost = true;
    return Step::failed;
  }
  const bool has_more = entries->size() == limits_.entries;
  const Page page =
      make_page(comparison.after, room.candidate, std::move(*entries), has_more, limits_.lacking);
  PageOutcome stored = store_.resolve(room, page);
  note_page(comparison, stored);
  if (stored.failure) {
    outcome.failure = std::move(stored.failure);
    return Step::failed;
  }
  comparison.after = page.last;
  receipts_.resolved({{room.partition, room.room, std::move(stored.stored), std::move(stored.voids)}});
  return page.is_last ? Step::over : Step::more;
}

void RoomComparisons::note_page(Comparison& comparison, const PageOutcome& page) {
  metrics_.stored.Increment(static_cast<double>(page.inserted));
  metrics_.lost.Increment(static_cast<double>(page.lost));
  if (comparison.stored + comparison.lost == 0) comparison.first_hole = page.first_hole;
  comparison.stored += page.inserted;
  comparison.lost += page.lost;
}

void RoomComparisons::report(const Comparison& comparison) {
  const auto write = [&](log::Level level, std::string_view what, std::size_t count) {
    log::write(level, what,
               {{"room", comparison.room.room},
                {"count", count},
                {"from_epoch", comparison.first_hole.epoch},
                {"from_seq", comparison.first_hole.seq}});
  };
  if (comparison.stored > 0)
    write(log::Level::warning, "messages that never reached Kafka were stored from their room's stream",
          comparison.stored);
  if (comparison.lost > 0)
    write(log::Level::error,
          "numbers of a room are lost: neither PostgreSQL, Kafka nor Redis has their messages",
          comparison.lost);
}

}  // namespace chat::persister
