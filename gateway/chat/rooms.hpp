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

/// On one worker's thread.
class Rooms {
 public:
  Rooms(RoomStore& store, HubPort& hub);

  /// The room, made and wanted if it is new. Valid until release() finds it empty.
  Room& open(const std::string& name);

  /// Ends the room if nobody is in it.
  void release(Room& room);

  /// A token of an earlier life of the room is ignored.
  void on_subscribed(const std::string& name, std::uint64_t token);

  /// Null when no local member is in the room.
  Room* find(const std::string& name);

  /// Once a second: joins that waited longer than 5 s for their subscription fail, idle rings are forgotten.
  void sweep(std::chrono::steady_clock::time_point now);

  std::size_t size() const { return rooms_.size(); }

  /// What the rooms hold for joins that are being read (HeldMessages).
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
