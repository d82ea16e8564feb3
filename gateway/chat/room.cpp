#include "gateway/chat/room.hpp"

#include <algorithm>
#include <utility>

#include "common/base/bug.hpp"

namespace chat::gateway {

Room::Room(std::string name, RoomStore& store, HubPort& hub, HeldBytes& held)
    : name_(std::move(name)), store_(store), hub_(hub), joins_(held), watchers_(name_, hub) {}

void Room::join(RoomMember& member, RequestId id, std::optional<Cursor> since, std::size_t history) {
  CHAT_BUG(is_calling_, "a member joined its room within a call of the room");
  const auto seen = position_of(member);
  const bool is_live = member.state_ == RoomMember::State::live;
  if (is_live && !since && history == 0) return answer_in_place(member, id, *seen);
  leave(member);
  if (has_all_after(since))
    return carry_out(
        joins_.answer({&member, std::move(id), since}, live_.page_after(*since, watchers_.stored())));
  member.state_ = RoomMember::State::joining;
  carry_out(joins_.add({&member, std::move(id), since, seen}, history));
}

/// Up to here the member has all messages, now or when it began to join again.
std::optional<Cursor> Room::position_of(const RoomMember& member) const {
  if (member.state_ == RoomMember::State::live) return live_.position_of(member);
  if (member.state_ == RoomMember::State::joining) return joins_.seen_by(member);
  return std::nullopt;
}

void Room::answer_in_place(RoomMember& member, const RequestId& id, Cursor position) {
  watchers_.end_watch(member);
  auto page = std::make_shared<ReadReply>();
  page->available = page->complete = true;
  page->source = PageSource::memory;
  page->newest = position;
  page->stored = watchers_.stored();
  member.on_joined(id, std::move(page));
}

void Room::leave(RoomMember& member) {
  watchers_.end_watch(member);
  const auto state = std::exchange(member.state_, RoomMember::State::outside);
  CHAT_BUG(is_calling_ && state != RoomMember::State::outside,
           "a member left its room within a call of the room");
  switch (state) {
    case RoomMember::State::outside:
      break;
    case RoomMember::State::paging:
      --paging_;
      break;
    case RoomMember::State::joining:
      member.on_join_overtaken(joins_.take(member).id);
      break;
    case RoomMember::State::live:
      live_.remove(member);
      is_attendance_due_ = true;
      break;
  }
}

void Room::on_subscribed() {
  carry_out(joins_.on_subscribed());
}

void Room::fail_waiting() {
  carry_out(joins_.fail_waiting());
}

void Room::carry_out(RoomJoins::Step step) {
  for (const RoomJoins::ReadRef& next : step.reads) read(next);
  for (const RoomJoins::Answer& answer : step.answers) give(answer);
  for (const RoomJoins::Joiner& joiner : step.failed) joiner.member->state_ = RoomMember::State::outside;
  for (const RoomJoins::Joiner& joiner : step.failed) joiner.member->on_join_failed(joiner.id);
}

void Room::read(const RoomJoins::ReadRef& read) {
  store_.read({name_, read->since, read->history}, [weak = weak_from_this(), read](ReadReply reply) {
    if (const auto room = weak.lock()) room->on_read(read, std::move(reply));
  });
}

void Room::on_read(const RoomJoins::ReadRef& read, ReadReply reply) {
  if (!reply.available) return carry_out(joins_.fail(read));
  // An empty room's epoch has no message yet, and the first message is to continue in it.
  raise_floor(reply.newest.seq == 0 ? reply.newest.epoch - 1 : reply.newest.epoch);
  reply.stored = watchers_.raise_stored(reply.stored);
  carry_out(joins_.on_page(read, std::make_shared<const ReadReply>(std::move(reply))));
  joins_.end(read);
}

void Room::give(const RoomJoins::Answer& answer) {
  const Calling calling(*this);
  RoomMember& member = *answer.member;
  if (answer.page->more) {
    member.state_ = RoomMember::State::paging;
    ++paging_;
    return member.on_joined(answer.id, answer.page);
  }
  const Cursor newest = answer.page->newest;
  make_live(member, newest);
  member.on_joined(answer.id, answer.page);
  for (const RoomMessage& message : joins_.held().messages())
    if (message.cursor > newest) member.outlet().deliver(message);
}

void Room::make_live(RoomMember& member, Cursor newest) {
  // The held messages are delivered with the answer and must not come again.
  const auto& held = joins_.held().messages();
  member.state_ = RoomMember::State::live;
  live_.add(member, held.empty() ? newest : std::max(newest, held.back().cursor));
  is_attendance_due_ = true;
}

std::size_t Room::publish(const RoomMessage& message, bool is_late) {
  const Calling calling(*this);
  joins_.push(message);
  return live_.publish(message, is_late);
}

void Room::on_stored(const StoredNumbers& stored) {
  const Calling calling(*this);
  watchers_.on_stored(stored);
}

std::size_t Room::on_presence(std::shared_ptr<const Presence> presence) {
  const Calling calling(*this);
  return watchers_.on_presence(std::move(presence));
}

void Room::on_typing(const Typing& typing) {
  const Calling calling(*this);
  const Delivery<TypingEvent> delivery(typing.broadcast);
  live_.for_each([&](const RoomMember& member) {
    if (member.session() != typing.session) member.outlet().typing(delivery, watchers_.is_watching(member));
  });
}

void Room::report_attendance(bool is_wanted) {
  is_attendance_wanted_ = is_wanted;
  if (is_attendance_wanted_) report_attendance();
}

void Room::report_attendance() {
  is_attendance_due_ = false;
  hub_.attend(name_, attendance());
}

Attendance Room::attendance() const {
  Attendance attendance{live_.size(), {}};
  if (live_.size() > max_present_names) return attendance;
  live_.for_each([&](const RoomMember& member) { attendance.names.push_back(member.user()); });
  std::ranges::sort(attendance.names);
  return attendance;
}

void Room::sweep() {
  live_.sweep();
  watchers_.sweep();
  if (is_attendance_wanted_ && is_attendance_due_) report_attendance();
}

}  // namespace chat::gateway
