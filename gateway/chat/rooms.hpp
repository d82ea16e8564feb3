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

/// The gateway's subscriptions as one worker sees them. Calls do not block.
class RoomSubscriptions {
 public:
  virtual ~RoomSubscriptions() = default;

  /// Asks for the room's messages; Rooms::on_subscribed with the same token answers on the worker. Messages
  /// that the gateway sees after that answer all come.
  virtual void want(const std::string& room, std::uint64_t token) = 0;
  virtual void unwant(const std::string& room) = 0;
};

/// On one worker's thread.
class Rooms {
 public:
  Rooms(RoomStore& store, RoomSubscriptions& subscriptions);

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

 private:
  struct Entry {
    std::shared_ptr<Room> room;
    std::uint64_t token = 0;
    std::chrono::steady_clock::time_point waiting_since;  // zero until the first sweep sees it waiting
  };

  RoomStore& store_;
  RoomSubscriptions& subscriptions_;
  std::uint64_t next_token_ = 1;
  std::unordered_map<std::string, Entry> rooms_;
};

}  // namespace chat::gateway
