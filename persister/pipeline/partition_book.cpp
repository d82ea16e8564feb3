#include "persister/pipeline/partition_book.hpp"

#include <algorithm>

#include "common/base/bug.hpp"

namespace chat::persister {
namespace {

KnownRecord last_of(const StoredPosition& position) {
  return {position.next_offset, position.record_hash};
}

/// A position of a release that noted none has the last record alone.
KnownRecord first_known(const StoredPosition& position) {
  return position.proven.record_hash == unknown_record ? last_of(position) : position.proven;
}

}  // namespace

void PartitionBook::assign(const std::vector<std::int32_t>& partitions) {
  partitions_.clear();
  for (const auto partition : partitions) partitions_[partition] = {};
}

void PartitionBook::revoke(const std::vector<std::int32_t>& partitions) {
  for (const auto partition : partitions) partitions_.erase(partition);
}

std::vector<std::int32_t> PartitionBook::due(TimePoint now) const {
  std::vector<std::int32_t> due;
  for (const auto& [number, partition] : partitions_)
    if (partition.state == State::waits && partition.due <= now) due.push_back(number);
  return due;
}

bool PartitionBook::has_due(TimePoint now) const {
  return std::ranges::any_of(partitions_, [&](const auto& entry) {
    return entry.second.state == State::waits && entry.second.due <= now;
  });
}

void PartitionBook::put_off(const std::vector<std::int32_t>& partitions, TimePoint until) {
  for (const auto number : partitions)
    if (const auto found = partitions_.find(number); found != partitions_.end()) found->second.due = until;
}

void PartitionBook::begin(std::int32_t partition, const Start& start, const StoredPosition& position) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  const bool goes_on = start.cause == StartCause::as_before || start.cause == StartCause::behind;
  Partition begun;
  begun.state = start.verifies ? State::verifies : State::reads;
  begun.stored = position;
  begun.proven = goes_on && found->second.proven.record_hash != unknown_record ? found->second.proven
                                                                               : first_known(position);
  begun.is_known = true;
  begun.next = start.read_from;
  found->second = begun;
}

void PartitionBook::doubt(std::int32_t partition, Doubt doubt) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  found->second.state = State::waits;
  found->second.due = {};
  found->second.is_other_topic |= doubt == Doubt::other_topic;
  found->second.has_lost_rows |= doubt == Doubt::lost_rows;
}

PartitionBook::Verdict PartitionBook::take(const SourceRecord& record) {
  const auto found = partitions_.find(record.partition);
  if (found == partitions_.end() || found->second.state == State::waits) return Verdict::skip;
  Partition& partition = found->second;
  if (partition.state == State::verifies) {
    const bool is_same =
        record.offset + 1 == partition.stored.next_offset && hash_of(record) == partition.stored.record_hash;
    if (!is_same) return Verdict::other_topic;
    partition.state = State::reads;
    partition.next = record.offset + 1;
    return Verdict::skip;
  }
  if (record.offset < partition.next) return Verdict::doubtful;
  partition.next = record.offset + 1;
  return Verdict::pass;
}

KnownPartition PartitionBook::known(std::int32_t partition) const {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return {};
  KnownPartition known;
  if (found->second.is_known) known.stored = found->second.stored;
  known.is_other_topic = found->second.is_other_topic;
  known.has_skipped = found->second.has_skipped;
  known.has_lost_rows = found->second.has_lost_rows;
  return known;
}

std::vector<Advance> PartitionBook::advances(const std::map<std::int32_t, StoredPosition>& reached) const {
  std::vector<Advance> advances;
  advances.reserve(reached.size());
  for (const auto& [number, position] : reached) {
    const auto found = partitions_.find(number);
    const StoredPosition from = found == partitions_.end() ? StoredPosition{} : found->second.stored;
    CHAT_BUG(position.next_offset <= from.next_offset,
             "a batch reaches no further than PostgreSQL's position");
    const KnownRecord last{position.next_offset, position.record_hash};
    const bool has_proven = found != partitions_.end() && found->second.proven.record_hash != unknown_record;
    advances.push_back(
        {number, from, last.next_offset, last.record_hash, has_proven ? found->second.proven : last});
  }
  return advances;
}

void PartitionBook::committed(const std::vector<Advance>& advances) {
  for (const Advance& advance : advances) {
    const auto found = partitions_.find(advance.partition);
    if (found == partitions_.end() || found->second.stored.next_offset >= advance.next_offset) continue;
    found->second.stored.next_offset = advance.next_offset;
    found->second.stored.record_hash = advance.record_hash;
    found->second.proven = advance.proven;
  }
}

std::map<std::int32_t, KnownRecord> PartitionBook::begin_audit() {
  std::map<std::int32_t, KnownRecord> asked;
  for (auto& [number, partition] : partitions_) {
    partition.audited.reset();
    if (partition.state == State::waits || partition.proven.record_hash == unknown_record) continue;
    partition.audited = last_of(partition.stored);
    asked[number] = partition.proven;
  }
  return asked;
}

std::vector<std::int32_t> PartitionBook::end_audit(const std::map<std::int32_t, bool>& answers) {
  std::vector<std::int32_t> others;
  for (const auto& [number, is_same] : answers) {
    const auto found = partitions_.find(number);
    // An answer about a reading that is over counts for nothing.
    if (found == partitions_.end() || !found->second.audited) continue;
    Partition& partition = found->second;
    if (is_same) {
      if (partition.audited->record_hash != unknown_record) partition.proven = *partition.audited;
      partition.audited.reset();
      continue;
    }
    doubt(number, Doubt::other_topic);
    partition.has_skipped = true;
    others.push_back(number);
  }
  return others;
}

bool PartitionBook::has_stored(const Position& position) const {
  const auto found = partitions_.find(position.partition);
  return found != partitions_.end() && found->second.stored.next_offset >= position.next_offset;
}

std::vector<std::int32_t> PartitionBook::behind(const std::map<std::int32_t, StoredPosition>& rows) const {
  std::vector<std::int32_t> behind;
  for (const auto& [number, partition] : partitions_) {
    if (partition.state == State::waits) continue;
    const auto row = rows.find(number);
    const bool is_as_known = row != rows.end() && row->second.generation == partition.stored.generation &&
                             row->second.next_offset >= partition.stored.next_offset;
    if (!is_as_known) behind.push_back(number);
  }
  return behind;
}

}  // namespace chat::persister
