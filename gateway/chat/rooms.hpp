// All rooms of one worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/chat/room.hpp"

namespace chat::gateway {

/// On the worker's thread.
class Rooms {
 public:
  Rooms(RoomStore& store, HubPort& hub);

  /// The room, which is created and subscribed if it is new. Valid until release() finds it empty.
  Room& open(const std::string& name);

  /// Destroys the room if it has no member.
  void release(Room& room);

  /// Ignored if the token is of an earlier room of that name.
  void on_subscribed(const std::string& name, std::uint64_t token);

  /// Null if the room has no local member.
  Room* find(const std::string& name);

  /// Once a second. Joins that waited longer than 5 s for their subscription fail; idle rings are cleared.
  void sweep(std::chrono::steady_clock::time_point now);

  std::size_t size() const { return rooms_.size(); }

  /// What the rooms hold for joins that are read (HeldMessages).
  std::size_t held_bytes() const { return held_.all; }

 private:
  struct Entry {
    std::shared_ptr<Room> room;
    std::uint64_t token = 0;
    std::chrono::steady_clock::time_point waiting_since;  // zero until the first sweep sees it waiting
  };

  RoomStore& store_;
  HubPort& hub_;
  HeldBytes held_;
  std::uint64_t next_token_ = 1;
  std::unordered_map<std::string, Entry> rooms_;
};

}  // namespace chat::gateway
