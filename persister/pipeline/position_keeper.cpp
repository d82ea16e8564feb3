#include "persister/pipeline/position_keeper.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds check_period{5'000};
constexpr milliseconds retry_period{1'000};
constexpr milliseconds audit_period{5'000};
constexpr milliseconds asked_audit_period{1'000};
constexpr milliseconds audit_look{100};

/// Null for the ordinary causes, which are not logged.
const char* describe(StartCause cause) {
  switch (cause) {
    case StartCause::behind:
      return "PostgreSQL has less than it had; what it lost is read from Kafka again";
    case StartCause::emptied:
      return "PostgreSQL has nothing of what it had; all that Kafka has is read again";
    case StartCause::other_topic:
      return "the topic is not the one that PostgreSQL's position was noted in; it is read from its "
             "beginning. What only the former one had is lost, unless a room's stream in Redis has it";
    case StartCause::expired:
      return "PostgreSQL's position is no longer in Kafka; the reading goes on with what Kafka has";
    case StartCause::as_before:
    case StartCause::first:
    case StartCause::other_program:
    case StartCause::taken_over:
      break;
  }
  return nullptr;
}

}  // namespace

void PositionKeeper::lost_position(std::int32_t partition) {
  if (!book_.has(partition)) return;
  book_.doubt(partition);
  // The topic may be gone for a long time.
  book_.put_off({partition}, clock_.now() + retry_period);
}

bool PositionKeeper::take(const SourceRecord& record) {
  switch (book_.take(record)) {
    case PartitionBook::Verdict::pass:
      return true;
    case PartitionBook::Verdict::skip:
      return false;
    case PartitionBook::Verdict::other_topic:
      book_.doubt(record.partition, PartitionBook::Doubt::other_topic);
      return false;
    case PartitionBook::Verdict::doubtful:
      book_.doubt(record.partition);
      return false;
  }
  return false;
}

std::optional<postgres::Failure> PositionKeeper::start_due(milliseconds pause) {
  const auto due = book_.due(clock_.now());
  const auto logs = source_->logs(due);
  book_.put_off(due, clock_.now() + retry_period);
  if (logs.empty()) return std::nullopt;
  auto answer = store_.positions();
  if (!answer.failure) {
    note_server(answer.server);
    std::map<std::int32_t, Start> starts;
    for (const auto& [partition, log] : logs) {
      const auto row = answer.positions.find(partition);
      starts[partition] =
          decide_start(row == answer.positions.end() ? std::nullopt : std::optional(row->second), log,
                       book_.known(partition));
    }
    answer.failure = reset(starts, answer.positions);
    if (!answer.failure) begin(starts, answer.positions);
  }
  if (answer.failure) book_.put_off(due, clock_.now() + pause);
  return std::move(answer.failure);
}

/// Changes `rows` to what PostgreSQL has afterwards.
std::optional<postgres::Failure> PositionKeeper::reset(const std::map<std::int32_t, Start>& starts,
                                                       std::map<std::int32_t, StoredPosition>& rows) {
  std::vector<Reset> resets;
  for (const auto& [partition, start] : starts) {
    if (!start.needs_reset) continue;
    const auto row = rows.find(partition);
    resets.push_back(
        {partition, row == rows.end() ? std::nullopt : std::optional(row->second), start.position});
  }
  if (resets.empty()) return std::nullopt;
  if (auto failure = store_.reset(resets)) return failure;
  auto answer = store_.positions();
  if (!answer.failure) rows = std::move(answer.positions);
  return std::move(answer.failure);
}

void PositionKeeper::begin(const std::map<std::int32_t, Start>& starts,
                           const std::map<std::int32_t, StoredPosition>& rows) {
  std::vector<ReadPosition> positions;
  for (const auto& [partition, start] : starts) {
    const auto row = rows.find(partition);
    // Another persister was quicker; the start is decided anew.
    if (row == rows.end() || row->second.next_offset != start.position.next_offset) continue;
    report(partition, start);
    book_.begin(partition, start, row->second);
    metrics_.position(partition).Set(static_cast<double>(row->second.next_offset));
    positions.push_back({partition, start.read_from, start.began});
  }
  if (positions.empty()) return;
  source_->read_from(positions);
  ask_audit();
}

void PositionKeeper::report(std::int32_t partition, const Start& start) {
  const char* const what = describe(start.cause);
  if (what != nullptr) {
    metrics_.rewinds(start.cause).Increment();
    log::error(what,
               {{"partition", partition}, {"cause", name(start.cause)}, {"read_from", start.read_from}});
  }
  if (start.lost_to <= start.lost_from) return;
  metrics_.expired.Increment(static_cast<double>(start.lost_to - start.lost_from));
  status_.records_lost = true;
  log::error(
      "records are lost: PostgreSQL does not have them, and Kafka no longer has them. Restore a newer backup "
      "of PostgreSQL, or accept that their messages are gone where no room's stream in Redis has them",
      {{"partition", partition}, {"from_offset", start.lost_from}, {"to_offset", start.lost_to - 1}});
}

void PositionKeeper::behind(const std::vector<std::int32_t>& partitions, bool has_lost_rows) {
  const auto doubt = has_lost_rows ? PartitionBook::Doubt::lost_rows : PartitionBook::Doubt::position;
  for (const auto partition : partitions) book_.doubt(partition, doubt);
}

PositionKeeper::Check PositionKeeper::check() {
  next_check_ = clock_.now() + check_period;
  Check check;
  auto answer = store_.positions();
  check.failure = std::move(answer.failure);
  if (check.failure) return check;
  note_server(answer.server);
  check.behind = book_.behind(answer.positions);
  return check;
}

void PositionKeeper::audit() {
  const auto now = clock_.now();
  next_audit_ = now + audit_look;
  if (!is_auditing_) {
    auto records = book_.begin_audit();
    is_auditing_ = true;
    is_audit_asked_ = false;
    audit_began_ = now;
    audited_ = records.size();
    audit_.begin(std::move(records));
    return;
  }
  const auto answers = audit_.take();
  if (!answers) return;
  is_auditing_ = false;
  next_audit_ = audit_began_ + (is_audit_asked_ ? asked_audit_period : audit_period);
  end_audit(*answers);
}

void PositionKeeper::ask_audit() {
  is_audit_asked_ = true;
  if (!is_auditing_) next_audit_ = std::min(next_audit_, audit_began_ + asked_audit_period);
}

void PositionKeeper::end_audit(const PositionAudit::Answers& answers) {
  const auto others = book_.end_audit(answers);
  for (const auto partition : others)
    log::error(
        "the topic was deleted and made again under this persister, which went on in the new one; its "
        "records from the beginning on are read now. Stop the persisters before a topic is deleted",
        {{"partition", partition}});
  const auto refuted = std::ranges::count(answers, false, &PositionAudit::Answers::value_type::second);
  metrics_.audits_proven.Increment(static_cast<double>(answers.size()) - static_cast<double>(refuted));
  metrics_.audits_refuted.Increment(static_cast<double>(refuted));
  metrics_.audits_unanswered.Increment(static_cast<double>(audited_ - answers.size()));
}

void PositionKeeper::note_server(const std::string& server) {
  if (server == server_) return;
  if (server_.empty())
    log::info("PostgreSQL answers", {{"server", server}});
  else
    log::warning("PostgreSQL is another server than before, or was promoted; its positions are compared",
                 {{"server", server}, {"before", server_}});
  server_ = server;
}

}  // namespace chat::persister
