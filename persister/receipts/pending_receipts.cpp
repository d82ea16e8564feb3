#include "persister/receipts/pending_receipts.hpp"

#include <algorithm>

#include "common/base/bug.hpp"

namespace chat::persister {

PendingReceipts::Rooms::iterator PendingReceipts::find_or_make(const ResolvedNumbers& numbers) {
  const auto [found, is_new] = rooms_.try_emplace(numbers.room);
  Room& room = found->second;
  if (is_new) {
    room.id = ++last_id_;
    room.age = ages_.insert(ages_.end(), &*found);
  }
  room.partition = numbers.partition;
  ages_.splice(ages_.end(), ages_, room.age);
  return found;
}

PendingReceipts::Rooms::iterator PendingReceipts::find(const Call& call) {
  const auto found = rooms_.find(call.room);
  return found == rooms_.end() || found->second.id != call.id ? rooms_.end() : found;
}

void PendingReceipts::add(const ResolvedNumbers& numbers) {
  if (numbers.stored.empty() && numbers.voids.empty()) return;
  CHAT_BUG(rooms_.size() > bounds_.rooms || ranges_ > bounds_.ranges, "receipts are beyond their bounds");
  const auto found = find_or_make(numbers);
  Room& room = found->second;
  change(room, [&] {
    for (const Cursor number : numbers.stored) {
      room.resolved.add(number);
      room.stored.add(number);
    }
    for (const Cursor number : numbers.voids) room.resolved.add(number);
    room.resolved.keep_highest(bounds_.ranges_per_room);
    room.stored.keep_highest(bounds_.ranges_per_room);
  });
  if (room.state == State::idle) queue(*found);
  room.has_news = true;
  keep_bounds();
}

std::optional<PendingReceipts::Call> PendingReceipts::next() {
  if (queue_.empty()) return std::nullopt;
  auto& [name, room] = *queue_.front();
  queue_.pop_front();
  enter(room, State::called);
  room.has_news = false;
  Call call{room.id, name, room.resolved.ranges(), {}};
  change(room, [&] { call.stored = room.stored.take(); });
  return call;
}

void PendingReceipts::answered(const Call& call, Cursor watermark) {
  const auto found = find(call);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  change(room, [&] { room.resolved.remove_up_to(watermark); });
  if (room.has_news) return queue(*found);
  enter(room, State::idle);
  if (room.resolved.empty()) erase(found);
}

void PendingReceipts::unanswered(const Call& call) {
  const auto found = find(call);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  change(room, [&] {
    for (const NumberRange& range : call.stored) room.stored.add(range);
    room.stored.keep_highest(bounds_.ranges_per_room);
  });
  enter(room, State::failed);
  room.in_line = failed_.insert(failed_.end(), &*found);
  keep_bounds();
}

void PendingReceipts::retry() {
  for (Entry* const entry : failed_) enter(entry->second, State::queued);
  queue_.splice(queue_.end(), failed_);
}

void PendingReceipts::forget(std::span<const std::int32_t> partitions) {
  for (auto found = rooms_.begin(); found != rooms_.end();) {
    const bool is_gone = std::ranges::find(partitions, found->second.partition) != partitions.end();
    found = is_gone ? erase(found) : std::next(found);
  }
}

void PendingReceipts::enter(Room& room, State state) {
  if (room.state == State::idle) ++waiting_;
  room.state = state;
  if (room.state == State::idle) --waiting_;
}

void PendingReceipts::queue(Entry& entry) {
  enter(entry.second, State::queued);
  entry.second.in_line = queue_.insert(queue_.end(), &entry);
}

PendingReceipts::Rooms::iterator PendingReceipts::erase(Rooms::iterator found) {
  Room& room = found->second;
  change(room, [&] {
    room.resolved.take();
    room.stored.take();
  });
  if (room.state == State::queued) queue_.erase(room.in_line);
  if (room.state == State::failed) failed_.erase(room.in_line);
  enter(room, State::idle);
  ages_.erase(room.age);
  const auto next = rooms_.erase(found);
  expect_counts();
  return next;
}

template <class Change>
void PendingReceipts::change(Room& room, Change change_ranges) {
  CHAT_BUG(ranges_ < room.resolved.size() + room.stored.size(), "ranges of receipts were counted too few");
  ranges_ -= room.resolved.size() + room.stored.size();
  change_ranges();
  ranges_ += room.resolved.size() + room.stored.size();
}

void PendingReceipts::keep_bounds() {
  while (rooms_.size() > bounds_.rooms || ranges_ > bounds_.ranges) erase(rooms_.find(ages_.front()->first));
  expect_counts();
}

void PendingReceipts::expect_counts() const {
  CHAT_BUG(ages_.size() != rooms_.size(), "a room with receipts is not among the aging ones");
  CHAT_BUG(waiting_ > rooms_.size() || in_line() > waiting_, "more rooms wait for receipts than there are");
  CHAT_BUG(rooms_.empty() && ranges_ > 0, "ranges of receipts were counted too many");
}

}  // namespace chat::persister
