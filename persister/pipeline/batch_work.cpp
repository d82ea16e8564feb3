#include "persister/pipeline/batch_work.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/bug.hpp"

namespace chat::persister {
namespace {

/// Numbers by room.
class NumbersByRoom {
 public:
  void add_stored(const Row& row) {
    of(row.record.partition, row.message.room).stored.push_back(row.message.cursor);
  }
  void add_void(std::int32_t partition, std::string_view room, Cursor cursor) {
    of(partition, room).voids.push_back(cursor);
  }

  std::vector<ResolvedNumbers> take() { return std::move(rooms_); }

 private:
  /// `room` stays valid meanwhile. A room is in one partition, unless somebody wrote it under another key.
  ResolvedNumbers& of(std::int32_t partition, std::string_view room) {
    const auto [index, is_new] = indexes_.try_emplace({partition, room}, rooms_.size());
    if (is_new) rooms_.push_back({partition, std::string(room), {}, {}});
    return rooms_[index->second];
  }

  std::vector<ResolvedNumbers> rooms_;
  std::map<std::pair<std::int32_t, std::string_view>, std::size_t> indexes_;
};

}  // namespace

BatchWork::BatchWork(Batch batch, std::size_t poison_run)
    : batch_(std::move(batch)), rows_at_start_(batch_.rows.size()), run_before_(poison_run) {
  if (!batch_.rows.empty()) parts_.push_back(std::exchange(batch_.rows, {}));
  held_at_start_ = held();
}

BatchWork::Step BatchWork::next() const {
  if (!batch_.letters.empty()) return Step::publish;
  if (!parts_.empty()) return Step::store;
  return positions_stored_ || batch_.reached.empty() ? Step::commit : Step::store;
}

std::span<const Row> BatchWork::rows() const {
  if (parts_.empty()) return {};
  return parts_.front();
}

bool BatchWork::carries_positions() const {
  return parts_.size() <= (positions_go_alone_ ? 0U : 1U) && refused_.empty();
}

std::map<std::int32_t, StoredPosition> BatchWork::positions() const {
  return carries_positions() ? batch_.reached : std::map<std::int32_t, StoredPosition>{};
}

std::span<const DeadNumber> BatchWork::dead_numbers() const {
  if (!carries_positions()) return {};
  return dead_numbers_;
}

std::span<const RowKey> BatchWork::earlier_rows() const {
  if (!carries_positions()) return {};
  return stored_;
}

void BatchWork::remember(const Part& part) {
  stored_.reserve(rows_at_start_);
  for (const Row& row : part)
    stored_.push_back({row.record.partition, row.message.room, row.message.id, row.message.cursor});
}

std::vector<ResolvedNumbers> BatchWork::stored(const StoreOutcome& outcome) {
  CHAT_BUG(outcome.failure.has_value(), "a part counts as stored though its transaction failed");
  NumbersByRoom numbers;
  if (carries_positions()) {
    positions_stored_ = true;
    for (const auto& [partition, room, cursor] : dead_numbers_) numbers.add_void(partition, room, cursor);
  }
  if (parts_.empty()) return numbers.take();
  if (!positions_stored_) remember(parts_.front());
  Part part = std::move(parts_.front());
  parts_.pop_front();
  auto reused = outcome.reused.begin();
  for (std::size_t index = 0; index < part.size(); ++index) {
    Row& row = part[index];
    if (reused == outcome.reused.end() || *reused != index) {
      numbers.add_stored(row);
      continue;
    }
    ++reused;
    numbers.add_void(row.record.partition, row.message.room, row.message.cursor);
    batch_.letters.push_back(
        {std::move(row.record), "the id is stored with another text", DeadLetterCause::id_reused});
  }
  bury_refused();
  expect_bound();
  return numbers.take();
}

bool BatchWork::refused(const postgres::Failure& failure) {
  if (parts_.empty()) return false;
  // The positions may be what is refused, and not the last row.
  if (parts_.front().size() == 1 && carries_positions() && !batch_.reached.empty()) {
    positions_go_alone_ = true;
    return true;
  }
  Part part = std::move(parts_.front());
  parts_.pop_front();
  if (part.size() > 1) {
    const auto middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
    parts_.emplace_front(std::make_move_iterator(middle), std::make_move_iterator(part.end()));
    part.erase(middle, part.end());
    parts_.push_front(std::move(part));
    return true;
  }
  refused_.push_back({std::move(part.front()), "PostgreSQL refuses the row: " +
                                                   (failure.sqlstate.empty() ? "" : failure.sqlstate + " ") +
                                                   failure.message});
  if (is_suspicious()) {
    Part again;
    for (auto& refused : refused_) again.push_back(std::move(refused.row));
    refused_.clear();
    parts_.push_front(std::move(again));
    return false;
  }
  bury_refused();
  expect_bound();
  return true;
}

bool BatchWork::is_suspicious() const {
  return refused_.size() * 2 > rows_at_start_ && run_before_ + refused_.size() >= min_suspicious;
}

/// Only once every row was tried is it known that the refused ones are the exception.
void BatchWork::bury_refused() {
  if (!parts_.empty()) return;
  dead_rows_ += refused_.size();
  for (auto& [row, reason] : refused_) {
    dead_numbers_.push_back({row.record.partition, std::move(row.message.room), row.message.cursor});
    batch_.letters.push_back({std::move(row.record), std::move(reason), DeadLetterCause::refused});
  }
  refused_.clear();
}

std::size_t BatchWork::poison_run() const {
  if (rows_at_start_ == 0) return run_before_;
  return dead_rows_ * 2 > rows_at_start_ ? run_before_ + dead_rows_ : 0;
}

void BatchWork::drop(std::span<const std::int32_t> partitions) {
  batch_.drop(partitions);
  const auto is_of_dropped = [&](std::int32_t partition) {
    return std::ranges::find(partitions, partition) != partitions.end();
  };
  const auto is_dropped = [&](const Row& row) { return is_of_dropped(row.record.partition); };
  for (auto& part : parts_) std::erase_if(part, is_dropped);
  std::erase_if(parts_, [](const Part& part) { return part.empty(); });
  std::erase_if(refused_, [&](const Refused& refused) { return is_dropped(refused.row); });
  std::erase_if(dead_numbers_, [&](const DeadNumber& number) { return is_of_dropped(number.partition); });
  std::erase_if(stored_, [&](const RowKey& row) { return is_of_dropped(row.partition); });
  bury_refused();
}

void BatchWork::expect_bound() const {
  CHAT_BUG(held() > held_at_start_, "a batch holds more records than it began with");
}

std::size_t BatchWork::held() const {
  return std::accumulate(parts_.begin(), parts_.end(), batch_.letters.size() + refused_.size(),
                         [](std::size_t sum, const Part& part) { return sum + part.size(); });
}

}  // namespace chat::persister
