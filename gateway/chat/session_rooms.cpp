// The part of a session that joins and leaves rooms, passes typing on, and tells the client what is stored.
#include <algorithm>
#include <utility>

#include "gateway/chat/chat_spans.hpp"
#include "gateway/chat/session.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/chat/session_membership.hpp"

namespace chat::gateway {

void Session::on(const JoinCommand& command) {
  const Room* const known = services_.rooms.find(command.room);
  const bool is_in_ring = known != nullptr && known->has_all_after(command.since);
  if (!is_in_ring && !services_.store.connected())
    return reject({command.id, ErrorCode::unavailable, "Redis is away; join again", retry_after_ms});
  Membership* membership = find_membership(command.room);
  if (membership == nullptr) {
    if (memberships_.size() >= max_rooms_per_session) {
      services_.metrics.refused_rooms.Increment();
      return reject({command.id, ErrorCode::too_many_rooms, "leave a room first", std::nullopt});
    }
    membership = &add_membership(command.room);
  }
  membership->join(command);
}

void Session::read_on(const std::string& room) {
  if (Membership* const membership = closed_ ? nullptr : find_membership(room)) membership->read_on();
}

void Session::on(const LeaveCommand& command) {
  Membership* const membership = find_membership(command.room);
  if (membership == nullptr)
    return reject({command.id, ErrorCode::not_joined, "the room was not joined", std::nullopt});
  remove_membership(*membership);
  outlet_.left({command.id, command.room});
}

void Session::on(const TypingCommand& command) {
  Membership* const membership = find_membership(command.room);
  if (membership == nullptr)
    return reject(
        {command.id, ErrorCode::not_joined, "join the room before telling it that you type", std::nullopt});
  const bool is_told = tell_typing(*membership);
  (is_told ? services_.metrics.typing_published : services_.metrics.typing_dropped).Increment();
  outlet_.typing_taken({command.id, command.room});
}

/// Gives whether the others are told.
bool Session::tell_typing(Membership& membership) {
  const auto now = services_.clock.now();
  std::erase_if(typed_, [&](const Typed& typed) { return typed.until <= now; });
  const std::string& room = membership.room().name();
  if (typed_.size() == max_rooms_per_session || std::ranges::find(typed_, room, &Typed::room) != typed_.end())
    return false;
  typed_.push_back({room, now + typing_period});
  return membership.room().tell_typing(membership, now);
}

void Session::await_stored(const AcceptRequest& request, Cursor number) {
  if (closed_) return;
  Membership* const membership = find_membership(request.room);
  receipts_.accepted(request.room, number, request.id, services_.clock.now());
  if (membership == nullptr) return receipts_.left(request.room);
  membership->room().await_stored(*membership);
  // The number of a retry may have been stored long ago.
  on_stored(request.room, {membership->room().stored(), {}});
}

void Session::on_stored(const std::string& room, const StoredNumbers& stored) {
  if (!closed_) tell_stored(room, receipts_.stored(room, stored));
}

void Session::tell_stored(const std::string& room, std::optional<Cursor> receipt) {
  Membership* const membership = find_membership(room);
  if (membership == nullptr) return;
  if (receipt && membership->wants_receipts()) {
    services_.metrics.receipts_sent.Increment();
    outlet_.stored({room, *receipt});
    if (services_.tracer != nullptr)
      for (const TracedSend& send : services_.traced.take(number_, room, *receipt))
        trace_stored(*services_.tracer, send, tracing::time_of(services_.clock));
  }
  if (!receipts_.awaits(room)) membership->room().end_wait(*membership);
}

Session::Membership* Session::find_membership(const std::string& room) {
  const auto found = std::ranges::find_if(
      memberships_, [&](const auto& membership) { return membership->room().name() == room; });
  return found == memberships_.end() ? nullptr : found->get();
}

Session::Membership& Session::add_membership(const std::string& room) {
  memberships_.push_back(std::make_unique<Membership>(*this, services_.rooms.open(room)));
  Membership& membership = *memberships_.back();
  receipts_.joined(room);
  if (receipts_.awaits(room)) membership.room().await_stored(membership);
  return membership;
}

void Session::remove_membership(Membership& membership) {
  Room& room = membership.room();
  receipts_.left(room.name());
  room.end_wait(membership);
  room.leave(membership);
  std::erase_if(memberships_, [&](const auto& held) { return held.get() == &membership; });
  services_.rooms.release(room);
}

void Session::leave_all() {
  while (!memberships_.empty()) remove_membership(*memberships_.back());
}

}  // namespace chat::gateway
