#include "persister/holes/hole_finder.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

constexpr std::chrono::seconds report_period{60};

/// A silent PostgreSQL holds up all watches, and the end of the service.
postgres::DatabaseSettings impatient(postgres::DatabaseSettings settings) {
  settings.silence_limit = std::min(settings.silence_limit, std::chrono::milliseconds{5'000});
  return settings;
}

kafka::ProgressSources with_positions(kafka::ProgressSources sources, HoleStore& store) {
  sources.positions = [&store] { return store.positions(); };
  return sources;
}

}  // namespace

HoleFinder::HoleFinder(const config::RedisSettings& redis, postgres::DatabaseSettings database,
                       kafka::ProgressSources kafka, const OwnedPartitions& owned, Receipts& receipts,
                       Metrics& metrics, HoleFinderOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      owned_(owned),
      metrics_(metrics),
      redis_(redis, metrics, options_.timing, stop_.get_token(), clock),
      store_(impatient(std::move(database)), options_.topic),
      sources_(with_positions(std::move(kafka), store_)),
      watches_(options_.produce_time),
      comparisons_(redis_, store_, receipts, metrics_, options_.page),
      recheck_(redis_, store_, sources_, clock, options_.period),
      scan_(redis_, sources_, watches_, comparisons_, clock, options_.period, options_.max_rooms),
      failure_reports_(report_period),
      thread_([this] { run(); }) {}

HoleFinder::~HoleFinder() {
  ask_to_stop();
  thread_.join();
}

void HoleFinder::run() {
  while (!stop_.stop_requested()) {
    const auto now = clock_.now();
    take_turn();
    // A turn that took long still leaves the connection some time.
    redis_.serve_until(std::max(now + options_.turn, clock_.now() + options_.turn / 10));
  }
}

void HoleFinder::take_turn() {
  partitions_ = owned_.snapshot();
  watches_.keep(partitions_);
  kafka::ProgressLook progress(sources_);
  ask_for_ends(progress);
  take_reached(progress);
  const WorkLimit limit(clock_, options_.work_a_turn, stop_.get_token());
  recheck(limit);
  compare(limit);
  scan_.work(partitions_, limit);
  metrics_.rooms.Set(static_cast<double>(watches_.size() + comparisons_.size()));
  const auto last_pass = clock_.wall_time() - scan_.since_last_pass(!partitions_.empty());
  metrics_.last_pass.Set(std::chrono::duration<double>(last_pass.time_since_epoch()).count());
}

/// Asks in every turn, also while no room is due: gateways can produce only while Kafka answers.
void HoleFinder::ask_for_ends(kafka::ProgressLook& progress) {
  const auto now = clock_.now();
  const auto due = watches_.due(now);
  for (const std::int32_t partition : watches_.waiting()) {
    const auto end = progress.end_offset(partition);
    if (!end)
      watches_.restart(partition, clock_.now());
    else if (due.contains(partition))
      watches_.set_end(partition, *end, now);
    if (stop_.stop_requested()) return;
  }
}

/// A position of another topic proves nothing; the pipeline sets it anew.
void HoleFinder::take_reached(kafka::ProgressLook& progress) {
  if (!watches_.has_ends()) return;
  const auto* const positions = progress.positions();
  if (positions == nullptr) return;
  std::set<std::int32_t> proven;
  for (const std::int32_t partition : watches_.reached(*positions)) {
    const auto proof = progress.proves(partition);
    if (proof && *proof) proven.insert(partition);
    if (proof && !*proof) watches_.forget(partition);
  }
  for (ProvenRoom& room : watches_.take_reached(*positions, proven)) comparisons_.add(std::move(room));
}

void HoleFinder::recheck(const WorkLimit& limit) {
  const auto lost = recheck_.begin_where_due(partitions_);
  if (!lost.empty()) forget_proven();
  for (const std::int32_t partition : lost) watches_.forget(partition);
  if (const auto failure = recheck_.work(limit)) note_failure(*failure);
}

void HoleFinder::compare(const WorkLimit& limit) {
  const auto outcome = comparisons_.work(partitions_, limit);
  if (outcome.is_redis_lost) forget_proven();
  if (outcome.failure) note_failure(*outcome.failure);
}

/// The rooms come again with a later scan.
void HoleFinder::forget_proven() {
  comparisons_.clear();
  scan_.discount();
}

/// The room comes again with a later scan.
void HoleFinder::note_failure(const postgres::Failure& failure) {
  scan_.discount();
  if (!failure_reports_.allows(clock_.now())) return;
  log::warning("PostgreSQL does not let the hole finder compare a room; it tries again later",
               {{"sqlstate", failure.sqlstate}, {"reason", failure.message}});
}

}  // namespace chat::persister
