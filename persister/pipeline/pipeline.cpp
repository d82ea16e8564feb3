#include "persister/pipeline/pipeline.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/bug.hpp"
#include "common/log/log.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds poll_wait{100};
constexpr milliseconds commit_wait{5'000};
constexpr milliseconds longest_unpolled{1'000};

}  // namespace

Pipeline::Pipeline(PipelineSettings settings, PipelineParts parts, PersisterMetrics& metrics,
                   PersisterStatus& status, Clock& clock)
    : settings_(std::move(settings)),
      parts_(parts),
      metrics_(metrics),
      status_(status),
      clock_(clock),
      keeper_(parts.store, parts.audit, metrics, status, clock),
      batcher_(settings_.batch, settings_.topic),
      batch_store_(parts.store, keeper_, metrics, clock),
      trace_(parts.tracer, settings_.topic, clock),
      letters_(parts.dead_letters, parts.dead_letter_alarm, settings_.dead_letter_alarm, metrics, status,
               clock),
      database_(parts.database, metrics, status, clock, settings_.rehearsal_period) {}

void Pipeline::turn() {
  if (work_) {
    drive();
    return;
  }
  if (batcher_.empty() && database_.rehearse_where_due(parts_.store)) letters_.end_alarm_where_due();
  if (keeper_.check_is_due()) check_positions();
  if (keeper_.audit_is_due()) keeper_.audit();
  if (keeper_.has_due()) {
    // Records of them in hand were read before that, and are stored first.
    if (!batcher_.empty()) {
      begin_work();
      drive();
      return;
    }
    start_partitions();
  }
  if (!batcher_.is_due(clock_.now())) read(batcher_.time_left(clock_.now(), poll_wait));
  if (batcher_.is_due(clock_.now())) {
    begin_work();
    drive();
  }
}

void Pipeline::read(milliseconds wait) {
  auto record = source_->poll(wait);
  if (!record) return;
  metrics_.consumed.Increment();
  if (is_source_held_) metrics_.read_while_paused.Increment();
  if (!keeper_.take(*record)) return;
  batcher_.add(std::move(*record), clock_.now());
}

void Pipeline::begin_work() {
  CHAT_BUG(work_.has_value(), "a batch was begun before the last one was done with");
  work_.emplace(batcher_.take(), poison_run_);
}

/// Where the batch takes long or has to wait, the source is paused and polled between the steps: the consumer
/// stays in its group and no record comes. Pausing it for every batch would empty its prefetch queue each
/// time.
void Pipeline::drive() {
  if (waits_until_) {
    const auto left = std::chrono::ceil<milliseconds>(*waits_until_ - clock_.now());
    if (left > milliseconds{0}) {
      read(std::min(left, poll_wait));
      return;
    }
    waits_until_.reset();
    if (keeper_.check_is_due() && !check_positions()) return;
  }
  const auto begin = clock_.now();
  do {
    take_step();
  } while (work_ && !waits_until_ && clock_.now() - begin < longest_unpolled);
  if (!work_) return;
  hold_source();
  read(milliseconds{0});
}

void Pipeline::take_step() {
  switch (work_->next()) {
    case BatchWork::Step::publish:
      publish_letter();
      break;
    case BatchWork::Step::store:
      store_part();
      break;
    case BatchWork::Step::commit:
      commit_offsets();
      break;
  }
}

void Pipeline::publish_letter() {
  if (const auto wait = letters_.write(work_->letter()))
    waits_until_ = clock_.now() + *wait;
  else
    work_->letter_published();
}

void Pipeline::store_part() {
  trace_.begin();
  const StoreOutcome outcome = batch_store_.store(*work_);
  if (!outcome.behind.empty()) {
    give_up(outcome.behind, outcome.has_lost_rows);
    return;
  }
  if (!outcome.failure) {
    database_.note_stored(outcome);
    if (auto traced = trace_.committed(work_->rows()); !traced.empty())
      parts_.receipts.trace(std::move(traced));
    auto resolved = work_->stored(outcome);
    if (!resolved.empty()) parts_.receipts.resolved(std::move(resolved));
    return;
  }
  const auto& failure = *outcome.failure;
  if (failure.response != postgres::Response::poison) {
    pause_for_database(failure, postgres::trouble_of(failure));
  } else if (!work_->refused(failure)) {
    Trouble trouble = postgres::trouble_of(failure);
    trouble.reason = "PostgreSQL refuses most rows: " + trouble.reason;
    pause_for_database(failure, std::move(trouble));
  }
}

void Pipeline::pause_for_database(const postgres::Failure& failure, Trouble trouble) {
  database_.note_pause(failure, std::move(trouble), settings_.pause, work_ ? work_->held() : 0);
  waits_until_ = clock_.now() + settings_.pause;
  keeper_.ask_check();
}

/// Called while nothing is in hand.
void Pipeline::start_partitions() {
  const auto failure = keeper_.start_due(settings_.pause);
  if (!failure) {
    metrics_.paused.Set(0);
    database_.note_answers();
    return;
  }
  pause_for_database(*failure, postgres::trouble_of(*failure));
  waits_until_.reset();
}

/// False when PostgreSQL did not answer. Where a batch is in hand the pipeline pauses then; else the next
/// batch will make it pause.
bool Pipeline::check_positions() {
  const auto check = keeper_.check();
  if (check.failure) {
    Trouble trouble = postgres::trouble_of(*check.failure);
    if (work_)
      pause_for_database(*check.failure, std::move(trouble));
    else
      database_.note_silent(std::move(trouble));
    return false;
  }
  // The rehearsal will say whether it also takes rows.
  database_.note_answers();
  if (!check.behind.empty()) give_up(check.behind);
  return true;
}

/// For partitions of which PostgreSQL lost rows or another persister set the position anew: they are read
/// again from PostgreSQL's position.
void Pipeline::give_up(const std::vector<std::int32_t>& partitions, bool has_lost_rows) {
  log::warning("PostgreSQL's positions are not where they were; their partitions are read again",
               {{"partitions", partitions.size()}});
  drop(partitions);
  stored_offsets_.take(partitions);
  parts_.receipts.revoked(partitions);
  keeper_.behind(partitions, has_lost_rows);
}

void Pipeline::drop(const std::vector<std::int32_t>& partitions) {
  batcher_.drop(partitions);
  if (work_) work_->drop(partitions);
}

void Pipeline::commit_offsets() {
  auto offsets = work_->offsets();
  std::erase_if(offsets, [this](const Position& position) {
    return CHAT_BUG(!keeper_.has_stored(position), "an offset was to be committed before its rows");
  });
  if (!offsets.empty()) {
    observe_stored();
    source_->commit(offsets);
  }
  stored_offsets_.note(offsets);
  for (const auto& [partition, next_offset] : offsets)
    metrics_.position(partition).Set(static_cast<double>(next_offset));
  metrics_.batches.Increment();
  letters_.end_alarm_where_due();
  poison_run_ = work_->poison_run();
  work_.reset();
  release_source();
}

/// Once a batch, by its first record, which waited longest.
void Pipeline::observe_stored() {
  using Seconds = std::chrono::duration<double>;
  metrics_.store_seconds.Observe(Seconds(clock_.now() - work_->since()).count());
  if (work_->oldest_timestamp() < 0) return;
  const auto age = clock_.wall_time().time_since_epoch() - milliseconds{work_->oldest_timestamp()};
  metrics_.record_age_seconds.Observe(std::max(0.0, Seconds(age).count()));
}

void Pipeline::hold_source() {
  if (std::exchange(is_source_held_, true)) return;
  source_->pause();
}

void Pipeline::release_source() {
  if (!std::exchange(is_source_held_, false)) return;
  source_->resume();
}

void Pipeline::finish() {
  status_.stopping = true;
  const auto deadline = clock_.now() + settings_.stop_limit;
  while ((work_ || !batcher_.empty()) && !waits_until_ && clock_.now() < deadline) {
    if (!work_) begin_work();
    drive();
  }
  if (work_) {
    log::warning("stopped with records in hand; they stay in Kafka for the next start",
                 {{"held_records", work_->held()}});
  }
  source_->commit_and_wait(stored_offsets_.all(), commit_wait);
  source_->close();
}

void Pipeline::on_assigned(const std::vector<std::int32_t>& partitions) {
  status_.joined = true;
  parts_.owned.assign(partitions);
  keeper_.assign(partitions);
  log::info("partitions assigned", {{"count", partitions.size()}});
}

void Pipeline::on_revoked(const std::vector<std::int32_t>& partitions) {
  parts_.owned.revoke(partitions);
  const auto stored = stored_offsets_.take(partitions);
  if (!stored.empty()) source_->commit_and_wait(stored, commit_wait);
  drop(partitions);
  keeper_.revoke(partitions);
  // At the end the last receipts are still on their way, and nothing comes after them.
  if (!status_.stopping) parts_.receipts.revoked(partitions);
  log::info("partitions revoked", {{"count", partitions.size()}});
}

}  // namespace chat::persister
