#include "gateway/chat/room_joins.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/bug.hpp"
#include "gateway/chat/join_page.hpp"
#include "gateway/chat/page_cut.hpp"

namespace chat::gateway {

RoomJoins::Step RoomJoins::on_subscribed() {
  is_subscribed_ = true;
  Step step;
  for (const ReadRef& read : reads_)
    if (!read->is_under_way) begin(read, step);
  return step;
}

void RoomJoins::begin(const ReadRef& read, Step& step) {
  read->is_under_way = true;
  read->held_from = held_.begin_read();
  step.reads.push_back(read);
}

RoomJoins::Step RoomJoins::add(Joiner joiner, std::size_t history) {
  Step step;
  assign(std::move(joiner), history, Sharing::close, step);
  return step;
}

/// To a read that serves the joiner, or to a new one.
void RoomJoins::assign(Joiner joiner, std::size_t history, Sharing sharing, Step& step) {
  const auto found = std::ranges::find_if(
      reads_, [&](const ReadRef& read) { return serves(*read, joiner, history, sharing); });
  if (found != reads_.end()) {
    (*found)->joiners.push_back(std::move(joiner));
    return;
  }
  auto read = std::make_shared<Read>();
  read->since = joiner.since;
  read->history = history;
  read->joiners.push_back(std::move(joiner));
  reads_.push_back(read);
  if (is_subscribed_) begin(read, step);
}

/// A read that is under way serves if everything published since it began is held. A read from a cursor
/// serves in any case: the joiner can read on from its page.
bool RoomJoins::serves(const Read& read, const Joiner& joiner, std::size_t history, Sharing sharing) const {
  if (!read.since && read.is_under_way && !held_.has_all_since(read.held_from)) return false;
  if (read.since == joiner.since && read.history == history) return true;
  return sharing == Sharing::close && covers(read.since, joiner.since);
}

RoomJoins::Joiner RoomJoins::take(const RoomMember& member) {
  Joiner taken;
  for (const ReadRef& read : reads_) {
    const auto found = std::ranges::find(read->joiners, &member, &Joiner::member);
    if (found == read->joiners.end()) continue;
    taken = std::move(*found);
    read->joiners.erase(found);
    break;
  }
  CHAT_BUG(taken.member == nullptr, "a member that joins is in no join");
  // A read that is under way stays until its reply, since it may serve others.
  std::erase_if(reads_, [](const ReadRef& read) { return read->joiners.empty() && !read->is_under_way; });
  return taken;
}

std::optional<Cursor> RoomJoins::seen_by(const RoomMember& member) const {
  for (const ReadRef& read : reads_)
    for (const Joiner& joiner : read->joiners)
      if (joiner.member == &member) return joiner.seen;
  return std::nullopt;
}

bool RoomJoins::empty() const {
  return std::ranges::all_of(reads_, [](const ReadRef& read) { return read->joiners.empty(); });
}

RoomJoins::Step RoomJoins::on_page(const ReadRef& read, const std::shared_ptr<const ReadReply>& page) {
  Step step;
  std::erase(reads_, read);
  const bool has_all_held = held_.has_all_since(read->held_from);
  auto joiners = std::move(read->joiners);
  const auto parts = std::stable_partition(joiners.begin(), joiners.end(),
                                           [&](const Joiner& joiner) { return joiner.since == read->since; });
  for (auto joiner = joiners.begin(); joiner != parts; ++joiner)
    decide(std::move(*joiner), page, has_all_held, step);
  joiners.erase(joiners.begin(), parts);
  if (!joiners.empty()) decide_parts(*read, std::move(joiners), *page, step);
  return step;
}

RoomJoins::Step RoomJoins::answer(Joiner joiner, std::shared_ptr<const ReadReply> page) {
  Step step;
  decide(std::move(joiner), std::move(page), true, step);
  return step;
}

/// Gives the joiner as much of the page as its outlet takes, with `more` if the messages after it cannot be
/// given too. `has_all_held`: everything published since the page was read is held.
void RoomJoins::decide(Joiner joiner, std::shared_ptr<const ReadReply> page, bool has_all_held, Step& step) {
  const std::size_t bytes = joiner.member->outlet().page_bytes();
  page = cut_to(bytes, joiner.since ? PageKind::after : PageKind::last, std::move(page));
  if (!joiner.since && joiner.seen && !goes_on_from(*joiner.seen, *page)) {
    const Cursor seen = *joiner.seen;
    return read_from(std::move(joiner), seen, step);
  }
  if (!page->more && !has_all_held) {
    if (page->entries.empty()) {
      joiner.is_unproven = joiner.is_unproven || !page->complete;
      if (page->pruned_to) joiner.pruned_to = page->pruned_to;
      return read_from(std::move(joiner), page->newest, step);
    }
    page = with_more(*page);
  }
  // As many bytes as a page may have fit behind it.
  const bool fits = held_.bytes() <= bytes || held_.bytes_after(page->newest) <= bytes;
  if (!page->more && !fits) page = page->entries.empty() ? with_held(*page, held_, bytes) : with_more(*page);
  if (joiner.is_unproven) page = without_proof(*page, joiner.pruned_to);
  step.answers.push_back({joiner.member, std::move(joiner.id), std::move(page)});
}

/// Reads everything after `since`. Either the page was empty and the messages after it are no longer held, or
/// the page did not reach back to the member's position.
void RoomJoins::read_from(Joiner joiner, Cursor since, Step& step) {
  joiner.since = since;
  assign(std::move(joiner), 0, Sharing::close, step);
}

/// For joiners with a newer cursor than the read's. If the page does not reach a joiner's cursor, the joiner
/// is read again; without others if the page proved nothing.
void RoomJoins::decide_parts(const Read& read, std::vector<Joiner> joiners, const ReadReply& page,
                             Step& step) {
  std::ranges::stable_sort(joiners, {}, &Joiner::since);
  std::shared_ptr<const ReadReply> part;
  std::optional<Cursor> part_since;
  for (Joiner& joiner : joiners) {
    if (!is_part_of(*joiner.since, page)) {
      assign(std::move(joiner), read.history,
             page.complete || page.pruned_to ? Sharing::close : Sharing::equal, step);
      continue;
    }
    if (part_since != joiner.since) {
      part_since = joiner.since;
      part = part_after(*joiner.since, page);
    }
    decide(std::move(joiner), part, held_.has_all_since(read.held_from), step);
  }
}

RoomJoins::Step RoomJoins::fail(const ReadRef& read) {
  Step step;
  fail(read, step);
  return step;
}

void RoomJoins::fail(const ReadRef& read, Step& step) {
  std::erase(reads_, read);
  auto joiners = std::move(read->joiners);
  const auto others = std::stable_partition(joiners.begin(), joiners.end(), [&](const Joiner& joiner) {
    return !read->is_under_way || joiner.since == read->since;
  });
  for (auto joiner = others; joiner != joiners.end(); ++joiner)
    assign(std::move(*joiner), read->history, Sharing::equal, step);
  std::move(joiners.begin(), others, std::back_inserter(step.failed));
  if (read->is_under_way) end(read);
}

RoomJoins::Step RoomJoins::fail_waiting() {
  Step step;
  const auto reads = reads_;
  for (const ReadRef& read : reads)
    if (!read->is_under_way) fail(read, step);
  return step;
}

}  // namespace chat::gateway
