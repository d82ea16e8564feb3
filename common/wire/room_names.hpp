// The names of a room's keys and channel in Redis.
#pragma once

#include <string>
#include <string_view>

namespace chat {

/// Makes names with the prefix in front; the room in braces is the hash tag, so that a room's keys stay
/// together. Pure. Not thread-safe: the names are built in one reused buffer.
class RoomNames {
 public:
  explicit RoomNames(std::string prefix);

  /// Views into this object, valid until the next call.
  struct Names {
    std::string_view channel;  // chat:{room}
    std::string_view meta;
    std::string_view ids;  // up to and with the colon before the hour
    std::string_view log;
    std::string_view stored;
    std::string_view active;  // chat:active, one for all rooms
    std::string_view epochs;  // chat:epochs, one for all rooms
  };
  const Names& of(std::string_view room);

  /// chat:epochs; lives as long as this object.
  std::string_view epochs() const { return epochs_; }

  /// The room of a channel's name; a view into it.
  std::string_view room_of(std::string_view channel) const;

  /// chat:probe:<gateway>
  std::string probe(std::string_view gateway) const;

 private:
  std::string prefix_;
  std::string active_;
  std::string epochs_;
  std::string buffer_;
  Names names_;
};

/// The room in which a service tries whether Redis does what rooms need. Its keys and channel look like a
/// room's, so that a fault of rooms shows in it too, but no room can have its name (wire/limits.hpp,
/// is_valid_room). `service` is unique among the services on one Redis and prefix.
std::string trial_room(std::string_view service);

}  // namespace chat
