#include "gateway/history/postgres_history.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "common/log/log.hpp"
#include "common/postgres/positions.hpp"
#include "common/postgres/server_check.hpp"

namespace chat::gateway {
namespace {

using postgres::Transaction;

constexpr std::chrono::milliseconds failing_time{1'000};
constexpr std::chrono::seconds report_period{10};

std::optional<postgres::Failure> check_reader(postgres::Database& database) {
  return postgres::check_server(database, postgres::Use::read);
}

}  // namespace

PostgresHistory::PostgresHistory(const postgres::DatabaseSettings& database,
                                 const config::KafkaSettings& kafka, PostgresHistoryOptions options,
                                 Metrics& metrics, admin::Trial& trial)
    : settings_(database),
      options_(std::move(options)),
      figures_(metrics),
      trial_(trial),
      offsets_(kafka::EndOffsets::make(kafka, options_.client_id).value()),
      positions_(database, check_reader),
      topic_(kafka.topic) {
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
  position_waiter_ = std::make_unique<PositionWaiter>(sources(), options_.position_wait);
}

PostgresHistory::~PostgresHistory() {
  stop();
}

void PostgresHistory::stop() {
  position_waiter_.reset();
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  jobs_.clear();
}

template <class Result>
void PostgresHistory::submit(prometheus::Counter& counter, std::function<Result(Transaction&)> read,
                             Post post, std::function<void(Result)> handler) {
  const auto result = std::make_shared<Result>();
  submit(Job{&counter,
             [result, read = std::move(read)](Transaction& transaction) { *result = read(transaction); },
             [result, post = std::move(post), handler = std::move(handler)](bool is_done) {
               if (!is_done) *result = Result{};
               post([result, handler] { handler(std::move(*result)); });
             }});
}

void PostgresHistory::read_after(ReadCause cause, std::string room, Cursor after, Cursor until, Post post,
                                 std::function<void(HistoryRows)> handler) {
  submit<HistoryRows>(
      figures_.pages.of(cause),
      [room = std::move(room), after, until](Transaction& transaction) {
        return read_rows_after(transaction, room, after, until);
      },
      std::move(post), std::move(handler));
}

void PostgresHistory::read_before(ReadCause cause, std::string room, Cursor before, std::size_t limit,
                                  Post post, std::function<void(HistoryRows)> handler) {
  submit<HistoryRows>(
      figures_.pages.of(cause),
      [room = std::move(room), before, limit](Transaction& transaction) {
        return read_rows_before(transaction, room, before, limit);
      },
      std::move(post), std::move(handler));
}

void PostgresHistory::find_stored(std::vector<MessageKey> asked, Post post,
                                  std::function<void(std::vector<std::size_t>)> handler) {
  submit<std::vector<std::size_t>>(
      figures_.receipts,
      [asked = std::move(asked)](Transaction& transaction) { return find_stored_rows(transaction, asked); },
      std::move(post), std::move(handler));
}

void PostgresHistory::wait_until_stored(std::string room, Post post, std::function<void(bool)> handler) {
  position_waiter_->wait(std::move(room),
                         [this, post = std::move(post), handler = std::move(handler)](bool is_stored) {
                           (is_stored ? figures_.waits_stored : figures_.waits_late).Increment();
                           post([handler, is_stored] { handler(is_stored); });
                         });
}

void PostgresHistory::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() < options_.max_waiting && Clock::now() >= failing_until_) {
      jobs_.push_back(std::move(job));
      changed_.notify_one();
      return;
    }
  }
  figures_.refused.Increment();
  job.answer(false);
}

void PostgresHistory::run() {
  postgres::Database database(settings_, check_reader);
  for (std::optional<Job> job; take(job); job.reset()) {
    if (job)
      job->answer(!is_failing() && carry_out(database, *job));
    else
      rehearse(database);
  }
}

bool PostgresHistory::take(std::optional<Job>& job) {
  std::unique_lock lock(mutex_);
  while (!is_stopping_ && jobs_.empty()) {
    const auto now = Clock::now();
    if (now >= next_rehearsal_) {
      next_rehearsal_ = now + options_.rehearsal_period;
      return true;
    }
    changed_.wait_until(lock, next_rehearsal_);
  }
  if (is_stopping_) return false;
  job = std::move(jobs_.front());
  jobs_.pop_front();
  return true;
}

/// Reads a room that never exists.
void PostgresHistory::rehearse(postgres::Database& database) {
  tell(database.read([this](Transaction& transaction) {
    read_rows_after(transaction, "", {}, {});
    read_rows_before(transaction, "", {}, 1);
    find_stored_rows(transaction, {{"", {}}});
    postgres::read_positions(transaction, topic_);
  }));
}

/// A successful read counts as a rehearsal; a failed one is repeated soon.
void PostgresHistory::tell(const std::optional<postgres::Failure>& failure) {
  bool was_well = false;
  {
    const std::lock_guard lock(mutex_);
    was_well = std::exchange(is_well_, !failure);
    next_rehearsal_ = Clock::now() + (failure ? std::min(failing_time, options_.rehearsal_period)
                                              : options_.rehearsal_period);
  }
  if (failure)
    trial_.fail(postgres::trouble_of(*failure));
  else if (!was_well)
    trial_.succeed();
}

bool PostgresHistory::carry_out(postgres::Database& database, const Job& job) {
  const auto began = Clock::now();
  job.counter->Increment();
  const auto failure = database.read(job.work);
  tell(failure);
  if (failure) {
    note_failure(*failure);
    return false;
  }
  figures_.seconds.Observe(std::chrono::duration<double>(Clock::now() - began).count());
  return true;
}

bool PostgresHistory::is_failing() {
  const std::lock_guard lock(mutex_);
  return Clock::now() < failing_until_;
}

void PostgresHistory::note_failure(const postgres::Failure& failure) {
  figures_.failures.Increment();
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  failing_until_ = now + failing_time;
  if (now < next_report_) return;
  next_report_ = now + report_period;
  log::warning("PostgreSQL did not answer; joins that need old messages are told unavailable, receipts wait",
               {{"sqlstate", failure.sqlstate}, {"reason", failure.message}});
}

PositionSources PostgresHistory::sources() {
  return kafka::make_progress_sources(offsets_, [this] {
    figures_.proofs.Increment();
    return postgres::read_positions(positions_, topic_);
  });
}

}  // namespace chat::gateway
