// The part of a room that answers joins: from the ring, from a read, or from a read that others share.
#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/chat/join_page.hpp"
#include "gateway/chat/page_cut.hpp"
#include "gateway/chat/room.hpp"

namespace chat::gateway {

bool Room::has_all_after(const std::optional<Cursor>& since) const {
  return subscribed_ && since && ring_.covers(*since);
}

void Room::answer_from_ring(RoomMember& member, RequestId id, Cursor since) {
  Joiner joiner{&member, std::move(id), since};
  answer(joiner, ring_.page_after(since, stored_), true);
}

void Room::add(Joiner joiner, std::size_t history, Sharing sharing) {
  // A read that is under way serves too, where what was published since it began is held. Where it is not,
  // the page of one that goes on from a cursor can still be read on from.
  const auto serves = [&](const std::shared_ptr<Join>& join) {
    if (!join->since && join->reading && !held_.has_all_since(join->place)) return false;
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

void Room::start_reading(const std::shared_ptr<Join>& join) {
  join->reading = true;
  join->place = held_.begin_read();
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
  const bool has_all_held = held_.has_all_since(join->place);
  auto joiners = std::move(join->joiners);
  const auto parts = std::stable_partition(joiners.begin(), joiners.end(),
                                           [&](const Joiner& joiner) { return joiner.since == join->since; });
  for (auto joiner = joiners.begin(); joiner != parts; ++joiner) answer(*joiner, page, has_all_held);
  if (parts != joiners.end())
    answer_parts(*join, {std::make_move_iterator(parts), std::make_move_iterator(joiners.end())}, page);
  held_.end_read(join->place);
}

/// `has_all_held`: what was published since the page was read is held.
void Room::answer(Joiner& joiner, std::shared_ptr<const ReadReply> page, bool has_all_held) {
  RoomMember& member = *joiner.member;
  const std::size_t bytes = member.outlet_.page_bytes();
  page = cut_to(bytes, joiner.since ? PageKind::after : PageKind::last, std::move(page));
  if (!joiner.since && joiner.seen && !goes_on_from(*joiner.seen, *page))
    return read_from(std::move(joiner), *joiner.seen);
  if (!page->more && !has_all_held) {
    if (page->entries.empty()) {
      joiner.is_unproven = joiner.is_unproven || !page->complete;
      return read_from(std::move(joiner), page->newest);
    }
    page = with_more(*page);
  }
  // As much as a page may have fits behind it.
  const bool fits = held_.bytes() <= bytes || held_.bytes_after(page->newest) <= bytes;
  if (!page->more && !fits) page = page->entries.empty() ? with_held(*page, held_, bytes) : with_more(*page);
  if (joiner.is_unproven) page = without_proof(*page);
  give(member, joiner.id, page);
}

/// The read showed nothing and what came since is not held any more, or it did not reach the member's place:
/// all from that place on is read.
void Room::read_from(Joiner joiner, Cursor place) {
  joiner.since = place;
  add(std::move(joiner), 0, Sharing::close);
}

void Room::give(RoomMember& member, const RequestId& id, const std::shared_ptr<const ReadReply>& page) {
  const Calling calling(*this);
  if (page->more) {
    member.state_ = RoomMember::State::paging;
    ++paging_;
    return member.on_joined(id, page);
  }
  make_live(member, page->newest);
  member.on_joined(id, page);
  for (const RoomMessage& message : held_.messages())
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
    answer(joiner, part, held_.has_all_since(join.place));
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
  if (join->reading) held_.end_read(join->place);
}

void Room::fail_waiting() {
  const auto joins = joins_;
  for (const auto& join : joins)
    if (!join->reading) fail(join);
}

}  // namespace chat::gateway
