#include "persister/pipeline/pipeline.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds poll_wait{100};
constexpr milliseconds letter_wait{5'000};
constexpr milliseconds commit_wait{5'000};
constexpr milliseconds longest_unpolled{1'000};
constexpr int most_retries = 8;

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
      retry_backoff_(milliseconds{5}, milliseconds{200}),
      letter_backoff_(milliseconds{1'000}, milliseconds{10'000}),
      dead_letter_alarm_(parts.dead_letter_alarm, settings_.dead_letter_alarm) {
  next_rehearsal_ = clock_.now() + settings_.rehearsal_period;
}

void Pipeline::turn() {
  if (work_) {
    drive();
    return;
  }
  if (batcher_.empty()) rehearse_where_due();
  if (keeper_.check_is_due()) check_positions();
  if (keeper_.audit_is_due()) keeper_.audit();
  if (keeper_.has_due()) {
    // What is in hand of them is of before, and stored first.
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
  work_.emplace(batcher_.take(), poison_run_);
}

/// Where the batch takes long or has to wait, the source is held and polled between the steps, so that the
/// membership lives on and no record comes (K10). Holding it each time would empty its prefetch queue (K12).
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
  const Letter& letter = work_->letter();
  const SourceRecord& record = letter.letter.record;
  const bool published = parts_.dead_letters.publish(letter.letter, letter_wait);
  status_.dead_letters_ok = published;
  if (!published) {
    const auto wait = letter_backoff_.next();
    log::warning("a dead letter was not written; it is tried again, nothing is skipped",
                 {{"partition", record.partition}, {"offset", record.offset}, {"retry_ms", wait.count()}});
    waits_until_ = clock_.now() + wait;
    return;
  }
  letter_backoff_.reset();
  dead_letter_alarm_.note(letter, clock_.now());
  metrics_.dead_letters(letter.cause).Increment();
  work_->letter_published();
}

void Pipeline::store_part() {
  const StoreOutcome outcome = store_with_retries();
  if (!outcome.behind.empty()) {
    give_up(outcome.behind, outcome.has_lost_rows);
    return;
  }
  if (!outcome.failure) {
    note_stored(outcome);
    auto settled = work_->stored(outcome);
    if (!settled.empty()) parts_.receipts.settled(std::move(settled));
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

StoreOutcome Pipeline::store_with_retries() {
  retry_backoff_.reset();
  for (int tries = 0;; ++tries) {
    StoreOutcome outcome = store_once();
    const bool is_transient = outcome.failure && outcome.failure->response == postgres::Response::retry;
    if (!is_transient || tries == most_retries) return outcome;
    metrics_.retries.Increment();
    clock_.sleep(retry_backoff_.next());
  }
}

StoreOutcome Pipeline::store_once() {
  const auto begin = clock_.now();
  const auto advances = keeper_.advances(work_->positions());
  StoreOutcome outcome =
      parts_.store.store(work_->rows(), advances, work_->dead_numbers(), work_->earlier_rows());
  if (!outcome.failure && outcome.behind.empty()) keeper_.committed(advances);
  metrics_.store_seconds.Observe(std::chrono::duration<double>(clock_.now() - begin).count());
  return outcome;
}

void Pipeline::note_stored(const StoreOutcome& outcome) {
  metrics_.stored.Increment(static_cast<double>(outcome.inserted));
  metrics_.duplicates.Increment(static_cast<double>(outcome.duplicates));
  metrics_.last_commit.SetToCurrentTime();
  metrics_.paused.Set(0);
  note_database_works();
}

void Pipeline::pause_for_database(const postgres::Failure& failure, Trouble trouble) {
  const bool alarm =
      failure.response == postgres::Response::alarm || failure.response == postgres::Response::poison;
  metrics_.pauses.Increment();
  if (alarm) metrics_.alarms.Increment();
  metrics_.paused.Set(1);
  status_.database_ok = false;
  const log::Fields fields = {{"cause", trouble.cause},
                              {"reason", failure.message},
                              {"sqlstate", failure.sqlstate},
                              {"remedy", trouble.remedy},
                              {"pause_ms", settings_.pause.count()},
                              {"held_records", work_ ? work_->held() : 0}};
  if (alarm) {
    log::error("paused: the database needs a person; nothing is skipped", fields);
  } else {
    log::warning("paused after a database error; nothing is skipped", fields);
  }
  parts_.database.fail(std::move(trouble));
  waits_until_ = clock_.now() + settings_.pause;
  keeper_.ask_check();
}

/// While nothing is in hand.
void Pipeline::start_partitions() {
  const auto failure = keeper_.start_due(settings_.pause);
  if (!failure) {
    metrics_.paused.Set(0);
    if (!status_.database_ok) next_rehearsal_ = {};
    return;
  }
  pause_for_database(*failure, postgres::trouble_of(*failure));
  waits_until_.reset();
}

/// False when PostgreSQL did not answer. Where a batch is in hand it pauses then, else the next one will.
bool Pipeline::check_positions() {
  const auto check = keeper_.check();
  if (check.failure) {
    if (work_) {
      pause_for_database(*check.failure, postgres::trouble_of(*check.failure));
      return false;
    }
    Trouble trouble = postgres::trouble_of(*check.failure);
    if (status_.database_ok.exchange(false))
      log::warning("PostgreSQL does not answer; nothing waits to be stored",
                   {{"cause", trouble.cause}, {"reason", trouble.reason}, {"remedy", trouble.remedy}});
    parts_.database.fail(std::move(trouble));
    return false;
  }
  // Whether it also takes rows the rehearsal says.
  if (!status_.database_ok) next_rehearsal_ = {};
  if (!check.behind.empty()) give_up(check.behind);
  return true;
}

/// Of what PostgreSQL lost, or another persister set anew: all is read again from where PostgreSQL is.
void Pipeline::give_up(const std::vector<std::int32_t>& partitions, bool has_lost_rows) {
  log::warning("PostgreSQL's positions are not where they were; their partitions are read again",
               {{"partitions", partitions.size()}});
  batcher_.drop(partitions);
  if (work_) work_->drop(partitions);
  for (const auto partition : partitions) done_.erase(partition);
  parts_.receipts.revoked(partitions);
  keeper_.behind(partitions, has_lost_rows);
}

/// While nothing is to be stored, so that an operator hears of it before the next message does.
void Pipeline::rehearse_where_due() {
  if (clock_.now() < next_rehearsal_) return;
  dead_letter_alarm_.end_where_due(clock_.now());
  const auto failure = parts_.store.rehearse();
  if (!failure) return note_database_works();
  const bool alarm = failure->response == postgres::Response::alarm;
  Trouble trouble = postgres::trouble_of(*failure);
  if (status_.database_ok.exchange(false) && alarm) {
    metrics_.alarms.Increment();
    log::error("the next message could not be stored: the database needs a person",
               {{"cause", trouble.cause}, {"reason", trouble.reason}, {"remedy", trouble.remedy}});
  }
  parts_.database.fail(std::move(trouble));
  next_rehearsal_ = clock_.now() + settings_.rehearsal_period;
}

void Pipeline::note_database_works() {
  next_rehearsal_ = clock_.now() + settings_.rehearsal_period;
  status_.database_ok = true;
  parts_.database.succeed();
}

void Pipeline::commit_offsets() {
  const auto offsets = work_->offsets();
  if (!offsets.empty()) source_->commit(offsets);
  for (const auto& [partition, next_offset] : offsets) {
    done_[partition] = {next_offset};
    metrics_.position(partition).Set(static_cast<double>(next_offset));
  }
  metrics_.batches.Increment();
  dead_letter_alarm_.end_where_due(clock_.now());
  poison_run_ = work_->poison_run();
  work_.reset();
  release_source();
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
  source_->commit_and_wait(to_positions(done_), commit_wait);
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
  std::vector<Position> done;
  for (const std::int32_t partition : partitions) {
    const auto found = done_.find(partition);
    if (found == done_.end()) continue;
    done.push_back({found->first, found->second.next_offset});
    done_.erase(found);
  }
  if (!done.empty()) source_->commit_and_wait(done, commit_wait);
  batcher_.drop(partitions);
  if (work_) work_->drop(partitions);
  keeper_.revoke(partitions);
  // At the end the receipts of what is stored are still on their way; nothing comes after them.
  if (!status_.stopping) parts_.receipts.revoked(partitions);
  log::info("partitions revoked", {{"count", partitions.size()}});
}

}  // namespace chat::persister
