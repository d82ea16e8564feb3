#include "gateway/chat/session_receipts.hpp"

#include <algorithm>
#include <utility>

namespace chat::gateway {

void SessionReceipts::accepted(const std::string& room, Cursor number, const Uuid& id,
                               std::chrono::steady_clock::time_point now) {
  RoomNumbers* const numbers = find_or_add(room);
  if (numbers == nullptr) return;
  worker_waiting_ -= numbers->numbers.waiting();
  numbers->numbers.accepted(number, id, now);
  worker_waiting_ += numbers->numbers.waiting();
}

std::optional<Cursor> SessionReceipts::acked(const std::string& room, Cursor number) {
  RoomNumbers* const numbers = find(room);
  if (numbers == nullptr) return std::nullopt;
  numbers->numbers.acked(number);
  return take_receipt(*numbers);
}

std::optional<Cursor> SessionReceipts::stored(const std::string& room, const StoredNumbers& told) {
  RoomNumbers* const numbers = find(room);
  if (numbers == nullptr) return std::nullopt;
  numbers->numbers.stored(told);
  return take_receipt(*numbers);
}

/// No receipt for a room that was left.
std::optional<Cursor> SessionReceipts::take_receipt(RoomNumbers& numbers) {
  worker_waiting_ -= numbers.numbers.waiting();
  auto receipt = numbers.numbers.take_receipt();
  worker_waiting_ += numbers.numbers.waiting();
  if (!numbers.is_left) return receipt;
  if (numbers.numbers.empty()) forget(numbers);
  return std::nullopt;
}

bool SessionReceipts::awaits(const std::string& room) const {
  const RoomNumbers* const numbers = find(room);
  return numbers != nullptr && !numbers->numbers.empty();
}

void SessionReceipts::joined(const std::string& room) {
  if (RoomNumbers* const numbers = find(room)) numbers->is_left = false;
}

void SessionReceipts::left(const std::string& room) {
  RoomNumbers* const numbers = find(room);
  if (numbers == nullptr) return;
  numbers->is_left = true;
  if (numbers->numbers.empty()) forget(*numbers);
}

void SessionReceipts::clear() {
  for (const auto& numbers : rooms_) worker_waiting_ -= numbers->numbers.waiting();
  rooms_.clear();
}

void SessionReceipts::add_unstored(std::chrono::steady_clock::time_point until, std::size_t most,
                                   std::vector<WaitingNumber>& found) const {
  for (const auto& numbers : rooms_) {
    if (found.size() >= most) return;
    for (const OwnNumbers::Unstored& one : numbers->numbers.unstored(until, most - found.size()))
      found.push_back({numbers->room, one.number, one.id});
  }
}

SessionReceipts::RoomNumbers* SessionReceipts::find(const std::string& room) const {
  const auto found = std::ranges::find_if(rooms_, [&](const auto& numbers) { return numbers->room == room; });
  return found == rooms_.end() ? nullptr : found->get();
}

SessionReceipts::RoomNumbers* SessionReceipts::find_or_add(const std::string& room) {
  if (RoomNumbers* const found = find(room)) return found;
  is_full_ = is_full_ || rooms_.size() >= max_rooms;
  if (is_full_) return nullptr;
  rooms_.push_back(std::make_unique<RoomNumbers>());
  rooms_.back()->room = room;
  return rooms_.back().get();
}

void SessionReceipts::forget(const RoomNumbers& numbers) {
  std::erase_if(rooms_, [&](const auto& held) { return held.get() == &numbers; });
}

}  // namespace chat::gateway
