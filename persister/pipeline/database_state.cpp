#include "persister/pipeline/database_state.hpp"

#include <string_view>
#include <utility>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

void log_trouble(log::Level level, std::string_view what, const Trouble& trouble) {
  log::write(level, what, {{"cause", trouble.cause}, {"reason", trouble.reason}, {"remedy", trouble.remedy}});
}

}  // namespace

DatabaseState::DatabaseState(admin::Trial& trial, PersisterMetrics& metrics, PersisterStatus& status,
                             Clock& clock, std::chrono::milliseconds rehearsal_period)
    : trial_(trial),
      metrics_(metrics),
      status_(status),
      clock_(clock),
      rehearsal_period_(rehearsal_period),
      next_rehearsal_(clock.now() + rehearsal_period) {}

void DatabaseState::note_works() {
  next_rehearsal_ = clock_.now() + rehearsal_period_;
  status_.database_ok = true;
  trial_.succeed();
}

void DatabaseState::note_stored(const StoreOutcome& outcome) {
  metrics_.stored.Increment(static_cast<double>(outcome.inserted));
  metrics_.duplicates.Increment(static_cast<double>(outcome.duplicates));
  metrics_.pruned.Increment(static_cast<double>(outcome.pruned));
  metrics_.last_commit.SetToCurrentTime();
  metrics_.paused.Set(0);
  note_works();
}

void DatabaseState::note_answers() {
  if (!status_.database_ok) next_rehearsal_ = {};
}

void DatabaseState::note_pause(const postgres::Failure& failure, Trouble trouble,
                               std::chrono::milliseconds pause, std::size_t held_records) {
  const bool alarm =
      failure.response == postgres::Response::alarm || failure.response == postgres::Response::poison;
  metrics_.pauses.Increment();
  if (alarm) metrics_.alarms.Increment();
  metrics_.paused.Set(1);
  status_.database_ok = false;
  log::write(alarm ? log::Level::error : log::Level::warning,
             alarm ? "paused: the database needs an operator; nothing is skipped"
                   : "paused after a database error; nothing is skipped",
             {{"cause", trouble.cause},
              {"reason", failure.message},
              {"sqlstate", failure.sqlstate},
              {"remedy", trouble.remedy},
              {"pause_ms", pause.count()},
              {"held_records", held_records}});
  trial_.fail(std::move(trouble));
}

void DatabaseState::note_silent(Trouble trouble) {
  if (status_.database_ok.exchange(false))
    log_trouble(log::Level::warning, "PostgreSQL does not answer; nothing waits to be stored", trouble);
  trial_.fail(std::move(trouble));
}

bool DatabaseState::rehearse_where_due(Store& store) {
  if (clock_.now() < next_rehearsal_) return false;
  if (const auto failure = store.rehearse())
    note_refused(*failure);
  else
    note_works();
  return true;
}

void DatabaseState::note_refused(const postgres::Failure& failure) {
  Trouble trouble = postgres::trouble_of(failure);
  if (status_.database_ok.exchange(false) && failure.response == postgres::Response::alarm) {
    metrics_.alarms.Increment();
    log_trouble(log::Level::error, "the next message could not be stored: the database needs an operator",
                trouble);
  }
  trial_.fail(std::move(trouble));
  next_rehearsal_ = clock_.now() + rehearsal_period_;
}

}  // namespace chat::persister
