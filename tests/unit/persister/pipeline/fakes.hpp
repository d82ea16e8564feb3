// A clock, a source, a store, a dead-letter queue, receipts and an audit in memory, which write down in one
// list what was asked of them.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "persister/interfaces/position_audit.hpp"
#include "persister/interfaces/receipts.hpp"
#include "persister/interfaces/source.hpp"
#include "persister/interfaces/store.hpp"
#include "tests/support/manual_clock.hpp"

namespace chat::persister::test {

using Events = std::vector<std::string>;

using FakeClock = chat::test::ManualClock;

inline std::string describe(const std::vector<Position>& positions) {
  std::string text;
  for (const auto& [partition, next_offset] : positions)
    text += " " + std::to_string(partition) + ":" + std::to_string(next_offset);
  return text;
}

class FakeSource : public Source {
 public:
  FakeSource(FakeClock& clock, Events& events) : clock_(clock), events_(events) {}

  std::optional<SourceRecord> poll(std::chrono::milliseconds wait) override {
    ++polls;
    if (on_poll) std::exchange(on_poll, nullptr)();
    if (is_paused || records.empty()) {
      clock_.sleep(wait);
      return std::nullopt;
    }
    auto record = std::move(records.front());
    records.pop_front();
    return record;
  }

  std::map<std::int32_t, SourceLog> logs(const std::vector<std::int32_t>& partitions) override {
    std::map<std::int32_t, SourceLog> answered;
    for (const auto partition : partitions)
      if (!silent.contains(partition))
        answered[partition] = kafka.try_emplace(partition, SourceLog{0, 1'000, {}}).first->second;
    return answered;
  }

  void read_from(const std::vector<ReadPosition>& new_positions) override {
    for (const ReadPosition& position : new_positions) {
      read_positions[position.partition] = position;
      if (on_read_from) on_read_from(position);
    }
  }

  void pause() override { note("pause"), is_paused = true; }
  void resume() override { note("resume"), is_paused = false; }

  void commit(const std::vector<Position>& positions) override {
    note("commit" + describe(positions));
    for (const auto& [partition, next_offset] : positions) committed[partition] = next_offset;
  }

  void commit_and_wait(const std::vector<Position>& positions, std::chrono::milliseconds) override {
    note("commit and wait" + describe(positions));
    for (const auto& [partition, next_offset] : positions) committed[partition] = next_offset;
  }

  void close() override { note("close"); }

  std::deque<SourceRecord> records;
  std::map<std::int32_t, std::int64_t> committed;
  std::map<std::int32_t, SourceLog> kafka;  // what logs() says, 0 to 1,000 where nothing is set
  std::set<std::int32_t> silent;            // partitions of which it says nothing
  std::map<std::int32_t, ReadPosition> read_positions;
  std::function<void(const ReadPosition&)> on_read_from;
  std::function<void()> on_poll;  // runs once, inside the next poll: a rebalance
  bool is_paused = false;
  int polls = 0;

 private:
  void note(std::string event) { events_.push_back(std::move(event)); }

  FakeClock& clock_;
  Events& events_;
};

inline postgres::Failure failure_of_away() {
  return {postgres::Response::pause, {}, "it is away"};
}

/// Keeps messages by (room, id) and positions as the real tables do.
class FakeStore : public Store {
 public:
  FakeStore(FakeClock& clock, Events& events) : clock_(clock), events_(events) {}

  StoreOutcome store(std::span<const Row> rows, std::span<const Advance> advances,
                     std::span<const DeadNumber> dead, std::span<const RowKey> earlier) override {
    ++calls;
    StoreOutcome outcome;
    if (fail) outcome.failure = fail(rows);
    if (outcome.failure) {
      events_.push_back("store failed");
      return outcome;
    }
    for (const Advance& advance : advances) {
      const auto found = table.find(advance.partition);
      if (found == table.end() || found->second.generation != advance.from.generation ||
          found->second.next_offset < advance.from.next_offset)
        outcome.behind.push_back(advance.partition);
    }
    for (const RowKey& row : earlier)
      if (!texts.contains({row.room, to_string(row.id)})) {
        outcome.behind.push_back(row.partition);
        outcome.has_lost_rows = true;
      }
    if (!outcome.behind.empty()) {
      events_.push_back("store behind");
      return outcome;
    }
    clock_.sleep(duration);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& message = rows[i].message;
      const auto [place, is_new] = texts.try_emplace({message.room, to_string(message.id)}, message.text);
      if (is_new)
        ++outcome.inserted;
      else if (place->second == message.text)
        ++outcome.duplicates;
      else
        outcome.reused.push_back(i);
    }
    for (const DeadNumber& number : dead) dead_seqs.push_back(number.cursor.seq);
    for (const Advance& advance : advances) {
      StoredPosition& row = table.at(advance.partition);
      if (row.next_offset >= advance.next_offset) continue;
      row.next_offset = advance.next_offset;
      row.record_hash = advance.record_hash;
      row.proven = advance.proven;
    }
    events_.push_back("store " + std::to_string(rows.size()));
    return outcome;
  }

  std::optional<postgres::Failure> rehearse() override {
    ++rehearsals;
    if (is_away) return failure_of_away();
    return rehearsal ? rehearsal() : std::nullopt;
  }

  PositionsAnswer positions() override {
    if (is_away) return {failure_of_away(), {}, {}};
    return {std::nullopt, table, "a server"};
  }

  std::optional<postgres::Failure> reset(std::span<const Reset> resets) override {
    if (is_away) return failure_of_away();
    for (const Reset& reset : resets) {
      const auto found = table.find(reset.partition);
      const bool is_as_found =
          found == table.end() ? !reset.from : reset.from && *reset.from == found->second;
      if (!is_as_found) continue;
      table[reset.partition] = reset.to;
      table[reset.partition].generation = ++last_generation;
    }
    return std::nullopt;
  }

  /// 0 without a row.
  std::int64_t position(std::int32_t partition) const {
    const auto found = table.find(partition);
    return found == table.end() ? 0 : found->second.next_offset;
  }

  /// The texts that became rows, sorted.
  std::vector<std::string> stored_texts() const {
    std::vector<std::string> sorted;
    for (const auto& [key, text] : texts) sorted.push_back(text);
    std::ranges::sort(sorted);
    return sorted;
  }

  std::function<std::optional<postgres::Failure>(std::span<const Row>)> fail;
  std::function<std::optional<postgres::Failure>()> rehearsal;
  std::chrono::milliseconds duration{0};
  std::map<std::pair<std::string, std::string>, std::string> texts;
  std::map<std::int32_t, StoredPosition> table;  // of the positions
  std::int64_t last_generation = 0;
  bool is_away = false;  // for all but store()
  std::vector<std::int64_t> dead_seqs;
  int calls = 0;
  int rehearsals = 0;

 private:
  FakeClock& clock_;
  Events& events_;
};

class FakeDeadLetters : public DeadLetterQueue {
 public:
  explicit FakeDeadLetters(Events& events) : events_(events) {}

  bool publish(const DeadLetter& letter, std::chrono::milliseconds) override {
    if (refusals > 0) {
      --refusals;
      events_.push_back("dead letter refused");
      return false;
    }
    events_.push_back("dead letter " + std::to_string(letter.record.offset));
    letters.push_back(letter);
    return true;
  }

  std::vector<DeadLetter> letters;
  int refusals = 0;

 private:
  Events& events_;
};

/// Keeps what it was told, the numbers of each room as "+seq" or "-seq" for a void one.
class FakeReceipts : public Receipts {
 public:
  void resolved(std::vector<ResolvedNumbers> rooms) override {
    if (on_resolved) on_resolved();
    for (const auto& [partition, room, stored, voids] : rooms) {
      for (const Cursor number : stored) told[room] += " +" + std::to_string(number.seq);
      for (const Cursor number : voids) told[room] += " -" + std::to_string(number.seq);
    }
  }

  void revoked(const std::vector<std::int32_t>& partitions) override {
    forgotten.insert(forgotten.end(), partitions.begin(), partitions.end());
  }

  std::map<std::string, std::string> told;
  std::vector<std::int32_t> forgotten;
  std::function<void()> on_resolved;
};

/// Ends each audit at the second look.
class FakePositionAudit : public PositionAudit {
 public:
  void begin(Records records) override {
    asked = std::move(records);
    ++audits;
    looks = 0;
  }

  std::optional<Answers> take() override {
    if (++looks < 2) return std::nullopt;
    Answers answers;
    for (const auto& [partition, record] : asked)
      if (const auto is_same = has ? has(partition, record) : std::optional(true))
        answers[partition] = *is_same;
    return answers;
  }

  std::function<std::optional<bool>(std::int32_t, const KnownRecord&)> has;
  Records asked;
  int audits = 0;
  int looks = 0;
};

inline postgres::Failure failure_of(postgres::Response response, std::string sqlstate = {}) {
  return {response, std::move(sqlstate), "it does not work"};
}

/// Refuses every batch that has one of these texts, as a CHECK of the table would.
inline auto refuse_texts(std::vector<std::string> texts) {
  return [texts = std::move(texts)](std::span<const Row> rows) -> std::optional<postgres::Failure> {
    for (const auto& row : rows) {
      if (std::ranges::find(texts, row.message.text) != texts.end())
        return failure_of(postgres::Response::poison, "23514");
    }
    return std::nullopt;
  };
}

}  // namespace chat::persister::test
