#include "gateway/chat/rooms.hpp"

#include <vector>

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds subscription_deadline{5};

}  // namespace

Rooms::Rooms(RoomStore& store, HubPort& hub) : store_(store), hub_(hub) {}

Room& Rooms::open(const std::string& name) {
  const auto found = rooms_.find(name);
  if (found != rooms_.end()) return *found->second.room;
  Entry entry{std::make_shared<Room>(name, store_, hub_, held_), next_token_++, {}};
  Room& room = *entry.room;
  hub_.want(name, entry.token);
  rooms_.emplace(name, std::move(entry));
  return room;
}

void Rooms::release(Room& room) {
  if (!room.empty()) return;
  const auto found = rooms_.find(room.name());
  if (found == rooms_.end()) return;
  hub_.unwant(found->first);
  rooms_.erase(found);
}

void Rooms::on_subscribed(const std::string& name, std::uint64_t token) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end() || found->second.token != token) return;
  found->second.room->on_subscribed();
}

Room* Rooms::find(const std::string& name) {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.room.get();
}

void Rooms::sweep(std::chrono::steady_clock::time_point now) {
  std::vector<std::shared_ptr<Room>> late;
  for (auto& [name, entry] : rooms_) {
    entry.room->sweep();
    if (entry.room->is_subscribed()) continue;
    if (entry.waiting_since == std::chrono::steady_clock::time_point{}) entry.waiting_since = now;
    if (now - entry.waiting_since < subscription_deadline) continue;
    entry.waiting_since = now;
    late.push_back(entry.room);
  }
  for (const auto& room : late) room->fail_waiting();
}

}  // namespace chat::gateway
