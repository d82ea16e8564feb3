#include "gateway/chat/room.hpp"

#include <utility>

#include "common/base/bug.hpp"

namespace chat::gateway {

Room::Room(std::string name, RoomStore& store, HubPort& hub, HeldBytes& held)
    : name_(std::move(name)), store_(store), hub_(hub), held_(held) {}

void Room::join(RoomMember& member, RequestId id, std::optional<Cursor> since, std::size_t history) {
  CHAT_BUG(is_calling_, "a member joined its room within a call of the room");
  const auto seen = place_of(member);
  const bool is_live = member.state_ == RoomMember::State::live;
  if (is_live && !since && history == 0) return answer_in_place(member, id, *seen);
  leave(member);
  if (has_all_after(since)) return answer_from_ring(member, std::move(id), *since);
  member.state_ = RoomMember::State::joining;
  add({&member, std::move(id), since, seen}, history, Sharing::close);
}

/// Up to where a member was given all that is live, or was so when it began to join anew.
std::optional<Cursor> Room::place_of(const RoomMember& member) const {
  if (member.state_ == RoomMember::State::live)
    return std::max(members_[member.index_].skip_until, last_published_);
  if (member.state_ != RoomMember::State::joining) return std::nullopt;
  for (const auto& join : joins_)
    for (const Joiner& joiner : join->joiners)
      if (joiner.member == &member) return joiner.seen;
  return std::nullopt;
}

void Room::answer_in_place(RoomMember& member, const RequestId& id, Cursor place) {
  end_watch(member);
  auto page = std::make_shared<ReadReply>();
  page->available = page->complete = true;
  page->newest = place;
  page->stored = stored_;
  member.on_joined(id, std::move(page));
}

void Room::leave(RoomMember& member) {
  end_watch(member);
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
      member.on_join_overtaken(take_joiner(member).id);
      break;
    case RoomMember::State::live: {
      LiveMember& last = members_.back();
      last.member->index_ = member.index_;
      std::swap(members_[member.index_], last);
      members_.pop_back();
      is_count_due_ = true;
      break;
    }
  }
}

/// Out of the join that it waits for.
Room::Joiner Room::take_joiner(const RoomMember& member) {
  Joiner taken{};
  for (const auto& join : joins_) {
    const auto found = std::ranges::find(join->joiners, &member, &Joiner::member);
    if (found == join->joiners.end()) continue;
    taken = std::move(*found);
    join->joiners.erase(found);
    break;
  }
  CHAT_BUG(taken.member == nullptr, "a member that joins is in no join");
  // One that is being read stays until its reply: it may serve others.
  std::erase_if(joins_, [](const auto& join) { return join->joiners.empty() && !join->reading; });
  return taken;
}

void Room::await_stored(RoomMember& member) {
  awaiting_stored_.add(member);
}

void Room::end_wait(RoomMember& member) {
  awaiting_stored_.remove(member);
}

void Room::on_stored(const StoredNumbers& stored) {
  const Calling calling(*this);
  stored_ = std::max(stored_, stored.watermark);
  awaiting_stored_.for_each([&](RoomMember& member) { member.on_stored(stored); });
}

void Room::watch(RoomMember& member) {
  const bool is_first = watching_.empty();
  if (!watching_.add(member)) return;
  member.knows_presence_ = false;
  if (presence_) tell_presence(member, Delivery<PresenceEvent>(presence_->all));
  if (is_first) hub_.watch(name_, true);
}

void Room::end_watch(RoomMember& member) {
  if (!watching_.remove(member) || !watching_.empty()) return;
  presence_.reset();
  hub_.watch(name_, false);
}

std::size_t Room::on_presence(std::shared_ptr<const Presence> presence) {
  // What the hub told before it heard that nobody watches, or tells twice since somebody does again.
  if (watching_.empty() || presence == presence_) return 0;
  const Calling calling(*this);
  presence_ = std::move(presence);
  is_presence_owed_ = false;
  std::size_t told = 0;
  const Delivery<PresenceEvent> change(presence_->change), all(presence_->all);
  watching_.for_each([&](RoomMember& member) {
    tell_presence(member, member.knows_presence_ ? change : all);
    if (member.knows_presence_) ++told;
  });
  return told;
}

void Room::tell_presence(RoomMember& member, const Delivery<PresenceEvent>& delivery) {
  member.knows_presence_ = member.outlet_.presence(delivery);
  if (!member.knows_presence_) is_presence_owed_ = true;
}

void Room::tell_owed_presence() {
  is_presence_owed_ = false;
  if (!presence_) return;
  const Delivery<PresenceEvent> all(presence_->all);
  watching_.for_each([&](RoomMember& member) {
    if (!member.knows_presence_) tell_presence(member, all);
  });
}

void Room::count(bool is_wanted) {
  is_counted_ = is_wanted;
  if (is_counted_) tell_count();
}

void Room::tell_count() {
  is_count_due_ = false;
  hub_.attend(name_, attendance());
}

Attendance Room::attendance() const {
  Attendance attendance{members_.size(), {}};
  if (members_.size() > most_present_names) return attendance;
  for (const LiveMember& member : members_) attendance.names.push_back(member.member->user());
  std::ranges::sort(attendance.names);
  return attendance;
}

bool Room::tell_typing(const RoomMember& member, std::chrono::steady_clock::time_point now) {
  if (!typing_.take(now)) return false;
  hub_.tell_typing(name_, member.session_, member.user());
  return true;
}

void Room::on_typing(const Typing& typing) {
  const Calling calling(*this);
  const Delivery<TypingEvent> delivery(typing.broadcast);
  for (const LiveMember& member : members_)
    if (member.member->session_ != typing.session)
      member.outlet->typing(delivery, member.member->watch_index_.has_value());
}

void Room::sweep() {
  ring_.sweep();
  if (is_presence_owed_) tell_owed_presence();
  if (is_counted_ && is_count_due_) tell_count();
}

bool Room::empty() const {
  return members_.empty() && paging_ == 0 &&
         std::ranges::all_of(joins_, [](const auto& join) { return join->joiners.empty(); });
}

void Room::on_subscribed() {
  subscribed_ = true;
  const auto waiting = joins_;
  for (const auto& join : waiting)
    if (!join->reading) start_reading(join);
}

void Room::make_live(RoomMember& member, Cursor newest) {
  // What was held is delivered by the join itself; later messages up to there must not come again.
  const auto& held = held_.messages();
  const Cursor skip_until = held.empty() ? newest : std::max(newest, held.back().cursor);
  member.state_ = RoomMember::State::live;
  member.index_ = members_.size();
  members_.push_back({&member.outlet_, &member, skip_until});
  highest_skip_ = std::max(highest_skip_, skip_until);
  is_count_due_ = true;
}

/// By index: memory stays valid even where a member breaks its contract and leaves.
std::size_t Room::publish(const RoomMessage& message, bool is_late) {
  const Calling calling(*this);
  raise_floor(message.cursor.epoch);
  last_published_ = std::max(last_published_, message.cursor);
  ring_.push(message);
  held_.push(message);
  if (is_late || message.cursor > highest_skip_) {
    for (std::size_t i = 0; i < members_.size(); ++i) members_[i].outlet->deliver(message);
    return members_.size();
  }
  std::size_t delivered = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const LiveMember& member = members_[i];
    if (message.cursor <= member.skip_until) continue;
    member.outlet->deliver(message);
    ++delivered;
  }
  return delivered;
}

}  // namespace chat::gateway
