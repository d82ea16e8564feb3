#include "persister/holes/hole_finder.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"
#include "common/wire/limits.hpp"

namespace chat::persister {
namespace {

constexpr std::chrono::seconds report_period{60};
constexpr std::size_t rooms_a_step = 200;

/// The watch waits for all of a silent PostgreSQL, and so does the service's end.
postgres::DatabaseSettings impatient(postgres::DatabaseSettings settings) {
  settings.silence_limit = std::min(settings.silence_limit, std::chrono::milliseconds{5'000});
  return settings;
}

}  // namespace

HoleFinder::HoleFinder(const config::RedisSettings& redis, postgres::DatabaseSettings database,
                       KafkaEnds kafka, const OwnedPartitions& owned, Receipts& receipts, Metrics& metrics,
                       HoleFinderOptions options)
    : options_(std::move(options)),
      kafka_(std::move(kafka)),
      owned_(owned),
      receipts_(receipts),
      metrics_(metrics),
      redis_(redis, metrics, options_.timing, stop_.get_token()),
      store_(impatient(std::move(database)), options_.topic),
      watches_(options_.settling),
      last_pass_(Clock::now()),
      thread_([this] { run(); }) {}

HoleFinder::~HoleFinder() {
  ask_to_stop();
  thread_.join();
}

void HoleFinder::run() {
  while (!stop_.stop_requested()) {
    const auto now = Clock::now();
    take_turn();
    // A turn that took long still leaves the connection its time.
    redis_.serve_until(std::max(now + options_.turn, Clock::now() + options_.turn / 10));
  }
}

void HoleFinder::take_turn() {
  partitions_ = owned_.snapshot();
  watches_.keep(partitions_);
  ask_for_ends();
  take_reached();
  const auto deadline = Clock::now() + options_.work_a_turn;
  begin_recheck();
  recheck(deadline);
  begin_comparisons(deadline);
  compare(deadline);
  look_at_rooms(deadline);
  note_passes();
}

/// Goes on with the look at all active rooms, or begins the next one.
void HoleFinder::look_at_rooms(Clock::time_point deadline) {
  if (!look_ && Clock::now() >= next_look_ && !partitions_.empty() && redis_.ready()) {
    look_ = Look{Clock::now()};
    next_look_ = look_->began + options_.period;
  }
  while (look_ && !is_full() && !stop_.stop_requested() && Clock::now() < deadline) {
    if (!look_step(*look_)) {
      look_.reset();
      next_look_ = Clock::now();
      return;
    }
    if (look_->next != "0") continue;
    look_->ended = Clock::now();
    if (!unproven_look_) unproven_look_ = look_;
    look_.reset();
  }
}

/// Notes the rooms among the next few that have something newer than their watermark.
bool HoleFinder::look_step(Look& look) {
  const auto active = redis_.active(look.next);
  if (!active) return false;
  std::vector<ProvenRoom> found;
  std::vector<std::string> rooms;
  std::vector<std::string> trials;
  for (const std::string& room : active->rooms) {
    // What a gateway tried is no message. A trial that was cut short leaves with a look, once its keys are
    // gone.
    if (!is_valid_room(room)) {
      trials.push_back(room);
      continue;
    }
    if (watches_.contains(room) || busy_.contains(room)) continue;
    const auto partition = kafka_.partition(room);
    if (!partition) return false;
    if (!partitions_.contains(*partition)) continue;
    found.push_back({room, *partition, {}, {}, {}});
    rooms.push_back(room);
  }
  if (!redis_.look(trials)) return false;
  const auto states = redis_.look(rooms);
  if (!states) return false;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    if ((*states)[i].is_settled()) continue;
    found[i].candidate = (*states)[i].newest;
    found[i].run = redis_.run_id();
    watches_.note(found[i], Clock::now());
  }
  look.next = active->next;
  return true;
}

/// Asks every turn, also while nobody is due: only while Kafka answers can gateways produce.
void HoleFinder::ask_for_ends() {
  const auto now = Clock::now();
  const auto due = watches_.due(now);
  for (const std::int32_t partition : watches_.waiting()) {
    const auto end = kafka_.end_offset(partition);
    if (!end)
      watches_.restart(partition, Clock::now());
    else if (due.contains(partition))
      watches_.set_end(partition, *end, now);
    if (stop_.stop_requested()) return;
  }
}

/// A position that is not of this topic proves nothing; the persister sets it right.
void HoleFinder::take_reached() {
  if (!watches_.has_ends()) return;
  const auto positions = store_.positions();
  if (!positions) return;
  std::set<std::int32_t> proven;
  for (const std::int32_t partition : watches_.reached(*positions)) {
    const auto position = positions->find(partition);
    const auto proof =
        kafka_.proves(partition, position == positions->end() ? StoredPosition{} : position->second);
    if (proof && *proof) proven.insert(partition);
    if (proof && !*proof) watches_.forget(partition);
  }
  for (ProvenRoom& room : watches_.take_reached(*positions, proven)) {
    busy_.insert(room.room);
    reached_.push_back(std::move(room));
  }
}

/// PostgreSQL remembers of which partitions it lost rows until their rooms were looked at.
void HoleFinder::begin_recheck() {
  if (recheck_ || partitions_.empty() || Clock::now() < next_recheck_) return;
  next_recheck_ = Clock::now() + options_.period;
  const auto positions = store_.positions();
  if (!positions) return;
  Recheck recheck;
  for (const auto& [partition, position] : *positions)
    if (position.rooms_unchecked && partitions_.contains(partition)) recheck.partitions[partition] = position;
  if (recheck.partitions.empty()) return;
  forget_proven();
  for (const auto& [partition, position] : recheck.partitions) watches_.forget(partition);
  recheck_ = std::move(recheck);
}

void HoleFinder::recheck(Clock::time_point deadline) {
  while (recheck_ && !stop_.stop_requested() && Clock::now() < deadline) {
    if (!recheck_step(*recheck_)) {
      // Redis may be another one by now.
      recheck_.reset();
      return;
    }
    if (recheck_->next != "0") continue;
    for (const auto& [partition, position] : recheck_->partitions)
      if (const auto failure = store_.note_rooms_checked(partition, position)) note_failure(*failure);
    log::warning("rooms are compared with PostgreSQL from their beginning, since it lost rows",
                 {{"partitions", recheck_->partitions.size()}, {"rooms", recheck_->rooms}});
    recheck_.reset();
  }
}

bool HoleFinder::recheck_step(Recheck& recheck) {
  if (!redis_.ready()) return false;
  const auto found = redis_.with_watermark(recheck.next);
  if (!found) return false;
  std::vector<std::string> rooms;
  for (const std::string& room : found->rooms) {
    const auto partition = kafka_.partition(room);
    if (!partition) return false;
    if (recheck.partitions.contains(*partition)) rooms.push_back(room);
  }
  if (!rooms.empty() && !redis_.forget_watermarks(rooms)) return false;
  recheck.rooms += rooms.size();
  recheck.next = found->next;
  return true;
}

/// Most rooms are settled by now, and cost PostgreSQL nothing.
void HoleFinder::begin_comparisons(Clock::time_point deadline) {
  while (!reached_.empty() && !stop_.stop_requested() && Clock::now() < deadline) {
    const std::size_t count = std::min(reached_.size(), rooms_a_step);
    const auto end = reached_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<std::string> rooms;
    std::transform(reached_.begin(), end, std::back_inserter(rooms),
                   [](const ProvenRoom& room) { return room.room; });
    const auto states = redis_.look(rooms);
    if (!states) return forget_proven();
    for (std::size_t i = 0; i < count; ++i) {
      ProvenRoom& room = reached_[i];
      const RoomState& state = (*states)[i];
      // A Redis that lost data knows other numbers than the ones that were proven.
      const bool is_same = room.run == redis_.run_id() && room.candidate.epoch == state.newest.epoch &&
                           room.candidate <= state.newest;
      if (is_same && state.watermark < room.candidate)
        comparisons_.push_back({std::move(room), state.watermark});
      else
        busy_.erase(rooms[i]);
    }
    reached_.erase(reached_.begin(), end);
  }
}

/// A page of one room after the other, so that a long one does not keep the others waiting.
void HoleFinder::compare(Clock::time_point deadline) {
  bool has_failed = false;
  while (!comparisons_.empty() && !has_failed && !stop_.stop_requested() && Clock::now() < deadline) {
    Comparison comparison = std::move(comparisons_.front());
    comparisons_.pop_front();
    const Step step = compare_page(comparison);
    has_failed = step == Step::failed;
    if (step == Step::more) {
      comparisons_.push_back(std::move(comparison));
    } else {
      busy_.erase(comparison.room.room);
      report(comparison);
    }
  }
}

HoleFinder::Step HoleFinder::compare_page(Comparison& comparison) {
  const ProvenRoom& room = comparison.room;
  if (!partitions_.contains(room.partition)) return Step::over;
  auto entries = redis_.entries(room.room, comparison.after, room.candidate, options_.page_entries);
  if (!entries || redis_.run_id() != room.run) {
    forget_proven();
    return Step::failed;
  }
  const bool has_more = entries->size() == options_.page_entries;
  const Page page =
      make_page(comparison.after, room.candidate, std::move(*entries), has_more, options_.page_lacking);
  PageOutcome outcome = store_.settle(room, page);
  metrics_.stored.Increment(static_cast<double>(outcome.inserted));
  metrics_.lost.Increment(static_cast<double>(outcome.lost));
  if (comparison.stored + comparison.lost == 0) comparison.first_hole = outcome.first_hole;
  comparison.stored += outcome.inserted;
  comparison.lost += outcome.lost;
  if (outcome.failure) {
    note_failure(*outcome.failure);
    return Step::failed;
  }
  comparison.after = page.last;
  receipts_.settled({{room.partition, room.room, std::move(outcome.stored), std::move(outcome.voids)}});
  return page.is_last ? Step::over : Step::more;
}

void HoleFinder::report(const Comparison& comparison) const {
  if (comparison.stored > 0)
    log::warning("messages that never reached Kafka were stored from their room's stream",
                 {{"room", comparison.room.room},
                  {"count", comparison.stored},
                  {"from_epoch", comparison.first_hole.epoch},
                  {"from_seq", comparison.first_hole.seq}});
  if (comparison.lost > 0)
    log::error("numbers of a room are lost: neither PostgreSQL, Kafka nor Redis has their messages",
               {{"room", comparison.room.room},
                {"count", comparison.lost},
                {"from_epoch", comparison.first_hole.epoch},
                {"from_seq", comparison.first_hole.seq}});
}

/// Redis is away or another one; the rooms come again with a later look.
void HoleFinder::forget_proven() {
  reached_.clear();
  comparisons_.clear();
  busy_.clear();
  unproven_look_.reset();
}

/// Of one room, which comes again with a later look; the others are tried first.
void HoleFinder::note_failure(const postgres::Failure& failure) {
  unproven_look_.reset();
  const auto now = Clock::now();
  if (now < next_report_) return;
  next_report_ = now + report_period;
  log::warning("PostgreSQL does not let the hole finder compare a room; it tries again later",
               {{"sqlstate", failure.sqlstate}, {"reason", failure.message}});
}

void HoleFinder::note_passes() {
  const auto oldest = watches_.oldest();
  const bool is_idle = reached_.empty() && comparisons_.empty();
  if (partitions_.empty()) last_pass_ = Clock::now();
  if (unproven_look_ && is_idle && (!oldest || *oldest > unproven_look_->ended)) {
    last_pass_ = unproven_look_->began;
    unproven_look_.reset();
  }
  metrics_.rooms.Set(static_cast<double>(watches_.size() + busy_.size()));
  metrics_.last_pass.Set(std::chrono::duration<double>(Clock::now() - last_pass_).count());
}

}  // namespace chat::persister
