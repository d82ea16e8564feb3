#include "persister/pipeline/start_decision.hpp"

#include <algorithm>

namespace chat::persister {
namespace {

bool is_own(const SourceLog& log) {
  return log.commit && log.commit->began;
}

/// Unknown after a release that did not write it: then all that Kafka has may have to be read again.
std::int64_t first_offset(const SourceLog& log) {
  if (!log.commit) return log.start;
  return is_own(log) ? *log.commit->began : log.commit->offset;
}

Start set_to(std::int64_t offset, StartCause cause, bool rooms_unchecked) {
  Start start;
  start.cause = cause;
  start.read_from = offset;
  start.position = {offset, unknown_record, 0, rooms_unchecked};
  start.needs_reset = true;
  return start;
}

Start from_nothing(const SourceLog& log, const KnownPartition& known) {
  const std::int64_t began = first_offset(log);
  const bool was_stored = known.stored || is_own(log);
  Start start;
  if (was_stored) {
    start = set_to(std::clamp(began, log.start, log.end), StartCause::emptied, true);
  } else if (log.commit) {
    const bool is_inside = log.commit->offset <= log.end;
    start = set_to(is_inside ? std::max(log.commit->offset, log.start) : log.start,
                   is_inside ? StartCause::other_program : StartCause::other_topic, false);
  } else {
    start = set_to(log.start, StartCause::first, false);
  }
  start.began = std::min(began, start.read_from);
  if (began < log.start && start.cause != StartCause::first) {
    start.lost_from = began;
    start.lost_to = log.start;
  }
  return start;
}

/// Commits follow the transactions, so PostgreSQL is below a commit only if it lost rows.
bool is_behind(const StoredPosition& row, const SourceLog& log, const KnownPartition& known) {
  const bool is_known_higher = known.stored && known.stored->generation == row.generation &&
                               row.next_offset < known.stored->next_offset;
  return known.has_lost_rows || is_known_higher || (is_own(log) && log.commit->offset > row.next_offset);
}

}  // namespace

std::string_view name(StartCause cause) {
  switch (cause) {
    case StartCause::as_before:
      return "as_before";
    case StartCause::first:
      return "first";
    case StartCause::other_program:
      return "other_program";
    case StartCause::taken_over:
      return "taken_over";
    case StartCause::behind:
      return "behind";
    case StartCause::emptied:
      return "emptied";
    case StartCause::other_topic:
      return "other_topic";
    case StartCause::expired:
      return "expired";
  }
  return "as_before";
}

Start decide_start(const std::optional<StoredPosition>& row, const SourceLog& log,
                   const KnownPartition& known) {
  if (!row) return from_nothing(log, known);
  if (known.is_other_topic || row->next_offset > log.end) {
    Start start = set_to(log.start, StartCause::other_topic, row->rooms_unchecked || known.has_skipped);
    start.began = log.start;
    return start;
  }
  if (row->next_offset < log.start) {
    Start start = set_to(log.start, StartCause::expired, true);
    start.began = log.start;
    start.lost_from = row->next_offset;
    start.lost_to = log.start;
    return start;
  }
  Start start;
  start.began = is_own(log)  ? *log.commit->began
                : log.commit ? std::min(log.commit->offset, row->next_offset)
                             : 0;
  start.position = *row;
  start.verifies = row->record_hash != unknown_record && row->next_offset > log.start;
  start.read_from = start.verifies ? row->next_offset - 1 : row->next_offset;
  if (is_behind(*row, log, known)) {
    start.cause = StartCause::behind;
    start.position.rooms_unchecked = true;
    start.needs_reset = true;
  } else if (row->generation == 0) {
    start.cause = StartCause::taken_over;
    start.needs_reset = true;
  }
  return start;
}

}  // namespace chat::persister
