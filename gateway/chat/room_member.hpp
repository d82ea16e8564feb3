// One session's membership of a room, as the room sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/wire/stored_numbers.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/events.hpp"

namespace chat::gateway {

/// Owned by the session, on the room's worker. While the room calls it, a member must not join or leave; it
/// may begin or end a wait, and watch. When its join failed or was overtaken, the member is outside already
/// and may be destroyed within the call, but must not join.
class RoomMember {
 public:
  /// `outlet` outlives the member. `session` tells the members of all gateways apart.
  RoomMember(Outlet& outlet, std::uint64_t session) : outlet_(outlet), session_(session) {}
  virtual ~RoomMember() = default;
  RoomMember(const RoomMember&) = delete;
  RoomMember& operator=(const RoomMember&) = delete;

  /// The answer to a join. After the call the member is live. If the page has `more`, it is not live yet and
  /// joins again for the next page.
  virtual void on_joined(const RequestId& id, std::shared_ptr<const ReadReply> page) = 0;

  /// The room could not be read; the member is out of the room.
  virtual void on_join_failed(const RequestId& id) = 0;

  /// A leave or another join came before the answer. Called first within that leave or join.
  virtual void on_join_overtaken(const RequestId& id) = 0;

  /// Called only while the member awaits stored numbers. The call may end the wait.
  virtual void on_stored(const StoredNumbers& stored) = 0;

  /// The name that others see.
  virtual const std::string& user() const = 0;

  Outlet& outlet() const { return outlet_; }
  std::uint64_t session() const { return session_; }

 private:
  friend class Room;
  friend class LiveOrder;
  friend class RoomWatchers;
  enum class State { outside, joining, paging, live };

  Outlet& outlet_;
  const std::uint64_t session_;
  State state_ = State::outside;
  std::size_t live_index_ = 0;               // while it is live
  std::optional<std::size_t> stored_index_;  // while it awaits stored numbers
  std::optional<std::size_t> watch_index_;   // while it gets presence
  bool knows_presence_ = false;              // it got the whole presence since it began to watch
};

}  // namespace chat::gateway
