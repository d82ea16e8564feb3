#include "gateway/chat/room.hpp"

#include <iterator>
#include <utility>

#include "gateway/chat/page_cut.hpp"

namespace chat::gateway {
namespace {

/// As many numbers as a page holds at most.
constexpr std::int64_t close_numbers = 1000;

bool covers(const std::optional<Cursor>& oldest, const std::optional<Cursor>& since) {
  return oldest && since && oldest->epoch == since->epoch && oldest->seq <= since->seq &&
         since->seq - oldest->seq <= close_numbers;
}

bool is_part_of(Cursor since, const ReadReply& page) {
  if (!page.complete || since > page.newest) return false;
  return !page.more || since < page.entries.back().cursor;
}

/// Whether nothing lies between `seen` and the page's first message.
bool goes_on_from(Cursor seen, const ReadReply& page) {
  if (page.entries.empty() || page.newest.epoch != seen.epoch) return false;
  return page.entries.front().cursor <= Cursor{seen.epoch, seen.seq + 1};
}

std::shared_ptr<const ReadReply> part_after(Cursor since, const ReadReply& page) {
  auto part = std::make_shared<ReadReply>(without_entries(page));
  const auto first =
      std::ranges::upper_bound(page.entries, since, {}, [](const RoomEntry& entry) { return entry.cursor; });
  part->entries.assign(first, page.entries.end());
  return part;
}

}  // namespace

Room::Room(std::string name, RoomStore& store, HubPort& hub)
    : name_(std::move(name)), store_(store), hub_(hub) {}

void Room::join(RoomMember& member, RequestId id, std::optional<Cursor> since, std::size_t history) {
  const auto seen = since ? std::nullopt : place_of(member);
  if (seen && history == 0) return answer_in_place(member, id, *seen);
  leave(member);
  if (has_all_after(since)) return answer_from_ring(member, std::move(id), *since);
  member.state_ = RoomMember::State::joining;
  add({&member, std::move(id), since, seen}, history, Sharing::close);
}

/// Up to where a live member was given all.
std::optional<Cursor> Room::place_of(const RoomMember& member) const {
  if (member.state_ != RoomMember::State::live) return std::nullopt;
  return std::max(members_[member.index_].skip_until, last_published_);
}

void Room::answer_in_place(RoomMember& member, const RequestId& id, Cursor place) {
  end_watch(member);
  auto page = std::make_shared<ReadReply>();
  page->available = page->complete = true;
  page->newest = place;
  page->stored = stored_;
  member.on_joined(id, std::move(page));
}

bool Room::has_all_after(const std::optional<Cursor>& since) const {
  return subscribed_ && since && ring_.covers(*since);
}

void Room::answer_from_ring(RoomMember& member, RequestId id, Cursor since) {
  Joiner joiner{&member, std::move(id), since};
  answer(joiner, ring_.page_after(since, stored_));
}

void Room::add(Joiner joiner, std::size_t history, Sharing sharing) {
  // A read that is under way serves too: what was published since it began is held.
  const auto serves = [&](const std::shared_ptr<Join>& join) {
    if (join->since == joiner.since && join->history == history) return true;
    return sharing == Sharing::close && covers(join->since, joiner.since);
  };
  const auto found = std::ranges::find_if(joins_, serves);
  if (found != joins_.end()) {
    (*found)->joiners.push_back(std::move(joiner));
    return;
  }
  auto join = std::make_shared<Join>();
  join->since = joiner.since;
  join->history = history;
  join->joiners.push_back(std::move(joiner));
  joins_.push_back(join);
  if (subscribed_) start_reading(join);
}

void Room::leave(RoomMember& member) {
  end_watch(member);
  switch (std::exchange(member.state_, RoomMember::State::outside)) {
    case RoomMember::State::outside:
      break;
    case RoomMember::State::paging:
      --paging_;
      break;
    case RoomMember::State::joining:
      for (const auto& join : joins_)
        std::erase_if(join->joiners, [&](const Joiner& joiner) { return joiner.member == &member; });
      // One that is being read stays until its reply, so that the reply finds what was held.
      std::erase_if(joins_, [](const auto& join) { return join->joiners.empty() && !join->reading; });
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

void Room::await_stored(RoomMember& member) {
  awaiting_stored_.add(member);
}

void Room::end_wait(RoomMember& member) {
  awaiting_stored_.remove(member);
}

void Room::on_stored(const StoredNumbers& stored) {
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

void Room::start_reading(const std::shared_ptr<Join>& join) {
  join->reading = true;
  store_.read({name_, join->since, join->history}, [weak = weak_from_this(), join](ReadReply reply) {
    if (const auto room = weak.lock()) room->on_read(join, std::move(reply));
  });
}

void Room::on_read(const std::shared_ptr<Join>& join, ReadReply reply) {
  if (!reply.available) return fail(join);
  std::erase(joins_, join);
  // An empty room's epoch has shown nothing yet, and the first message shall go on in it.
  raise_floor(reply.newest.seq == 0 ? reply.newest.epoch - 1 : reply.newest.epoch);
  stored_ = reply.stored = std::max(stored_, reply.stored);
  const auto page = std::make_shared<const ReadReply>(std::move(reply));
  // A callback may make members leave or join anew: then they are no longer in `joining` through this join.
  auto joiners = std::move(join->joiners);
  const auto parts = std::stable_partition(joiners.begin(), joiners.end(),
                                           [&](const Joiner& joiner) { return joiner.since == join->since; });
  for (auto joiner = joiners.begin(); joiner != parts; ++joiner) answer(*joiner, page);
  if (parts != joiners.end())
    answer_parts(*join, {std::make_move_iterator(parts), std::make_move_iterator(joiners.end())}, page);
  forget_held();
}

void Room::answer(Joiner& joiner, std::shared_ptr<const ReadReply> page) {
  RoomMember& member = *joiner.member;
  page =
      cut_to(member.outlet_.page_bytes(), joiner.since ? PageKind::after : PageKind::last, std::move(page));
  if (joiner.seen && !goes_on_from(*joiner.seen, *page)) {
    joiner.since = std::exchange(joiner.seen, std::nullopt);
    return add(std::move(joiner), 0, Sharing::close);
  }
  if (page->more) {
    member.state_ = RoomMember::State::paging;
    ++paging_;
  } else {
    make_live(member, page->newest);
  }
  member.on_joined(joiner.id, page);
  if (page->more) return;
  for (const RoomMessage& message : held_)
    if (message.cursor > page->newest) member.outlet_.deliver(message);
}

/// Answers joiners whose cursor lies behind that of the read; whom the page does not reach is read for anew,
/// and not together with others where the page proved nothing.
void Room::answer_parts(const Join& join, std::vector<Joiner> joiners,
                        const std::shared_ptr<const ReadReply>& page) {
  std::ranges::stable_sort(joiners, {}, &Joiner::since);
  std::shared_ptr<const ReadReply> part;
  std::optional<Cursor> part_since;
  for (Joiner& joiner : joiners) {
    if (!is_part_of(*joiner.since, *page)) {
      add(std::move(joiner), join.history, page->complete ? Sharing::close : Sharing::equal);
      continue;
    }
    if (part_since != joiner.since) {
      part_since = joiner.since;
      part = part_after(*joiner.since, *page);
    }
    answer(joiner, part);
  }
}

void Room::fail(const std::shared_ptr<Join>& join) {
  std::erase(joins_, join);
  auto joiners = std::move(join->joiners);
  // What an old cursor needs may be away while a newer one finds all in the stream.
  const auto others = std::stable_partition(joiners.begin(), joiners.end(), [&](const Joiner& joiner) {
    return !join->reading || joiner.since == join->since;
  });
  for (auto joiner = others; joiner != joiners.end(); ++joiner)
    add(std::move(*joiner), join->history, Sharing::equal);
  joiners.erase(others, joiners.end());
  for (Joiner& joiner : joiners) joiner.member->state_ = RoomMember::State::outside;
  for (Joiner& joiner : joiners) joiner.member->on_join_failed(joiner.id);
  forget_held();
}

void Room::fail_waiting() {
  const auto joins = joins_;
  for (const auto& join : joins)
    if (!join->reading) fail(join);
}

void Room::make_live(RoomMember& member, Cursor newest) {
  // What was held is delivered by the join itself; later messages up to there must not come again.
  const Cursor skip_until = held_.empty() ? newest : std::max(newest, held_.back().cursor);
  member.state_ = RoomMember::State::live;
  member.index_ = members_.size();
  members_.push_back({&member.outlet_, &member, skip_until});
  highest_skip_ = std::max(highest_skip_, skip_until);
  is_count_due_ = true;
}

std::size_t Room::publish(const RoomMessage& message) {
  raise_floor(message.cursor.epoch);
  last_published_ = message.cursor;
  ring_.push(message);
  if (!joins_.empty()) held_.push_back(message);
  if (message.cursor > highest_skip_) {
    for (const LiveMember& member : members_) member.outlet->deliver(message);
    return members_.size();
  }
  std::size_t delivered = 0;
  for (const LiveMember& member : members_) {
    if (message.cursor <= member.skip_until) continue;
    member.outlet->deliver(message);
    ++delivered;
  }
  return delivered;
}

void Room::forget_held() {
  if (joins_.empty()) held_ = {};
}

}  // namespace chat::gateway
