#include "gateway/history/merge.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::gateway {
namespace {

using Entries = std::vector<RoomEntry>;

Cursor following(Cursor cursor) {
  return {cursor.epoch, cursor.seq + 1};
}

/// Whether both are copies of one message. One copy may have lost the spelling of its id: a persister of the
/// previous version stores it without.
bool is_same(const RoomEntry& x, const RoomEntry& y) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return x.cursor == y.cursor && std::ranges::equal(x.message, y.message, {}, small, small);
}

/// Both lists in one, in order. A number that both have comes once, with the second list's copy.
Entries united(Entries a, Entries b) {
  Entries all;
  all.reserve(a.size() + b.size());
  std::ranges::merge(
      std::make_move_iterator(a.begin()), std::make_move_iterator(a.end()),
      std::make_move_iterator(b.begin()), std::make_move_iterator(b.end()), std::back_inserter(all), {},
      [](const RoomEntry& entry) { return entry.cursor; },
      [](const RoomEntry& entry) { return entry.cursor; });
  // From the back, so that the second list's copy is kept.
  const auto kept = std::unique(all.rbegin(), all.rend(), is_same);
  all.erase(all.begin(), kept.base());
  return all;
}

/// How many entries, counted from `begin`, fit into a page.
template <class Iterator>
std::size_t fitting(Iterator begin, Iterator end, std::size_t most) {
  PageFill fill(most, max_page_bytes);
  while (begin != end && fill.take(begin->message.size())) ++begin;
  return fill.entries();
}

class Voids {
 public:
  explicit Voids(const HistoryRows& rows) : voids_(rows.voids) {}

  /// Whether no message of the epoch is missing after number `after` and before number `until`.
  bool cover(std::int64_t epoch, std::int64_t after, std::int64_t until) const {
    if (until <= after + 1) return true;
    // The last range that begins at or before the gap's first number.
    const Cursor first{epoch, after + 1};
    const auto next = std::ranges::upper_bound(voids_, first, {}, [](const NumberRange& range) {
      return Cursor{range.epoch, range.first};
    });
    if (next == voids_.begin()) return false;
    const NumberRange& range = *std::prev(next);
    return range.contains(first) && range.contains({epoch, until - 1});
  }

  /// Whether `b` is the next message after `a`. Across epochs only the later epoch's beginning is checked.
  /// Nothing can be counted between messages without dense numbers.
  bool link(Cursor a, Cursor b) const {
    return is_unnumbered(b) || cover(b.epoch, a.epoch == b.epoch ? a.seq : 0, b.seq);
  }

 private:
  const std::vector<NumberRange>& voids_;
};

/// A Redis that came back with older data may have messages that were deleted.
void drop_below_floor(ReadReply& stream, const HistoryRows& rows) {
  if (!rows.floor) return;
  const std::size_t dropped =
      std::erase_if(stream.entries, [&](const RoomEntry& entry) { return entry.cursor <= *rows.floor; });
  if (dropped > 0) stream.more = false;
}

/// The page begins at the floor: what came before was deleted.
void note_floor(ReadReply& page, const HistoryRows& rows) {
  if (!rows.floor) return;
  page.pruned_to = rows.floor;
  page.complete = false;
}

/// Whether no message is missing between the epoch's first number, or the floor, and number `next`.
bool reaches_beginning(Cursor next, const HistoryRows& rows) {
  const Cursor floor = rows.floor.value_or(Cursor{});
  if (next <= following(floor)) return true;
  return Voids(rows).cover(next.epoch, floor.epoch == next.epoch ? floor.seq : 0, next.seq);
}

}  // namespace

Cursor rows_wanted_until(Cursor since, const ReadReply& stream) {
  const Entries& entries = stream.entries;
  Cursor until = stream.same_run ? following(stream.newest) : Cursor{max_json_integer, max_json_integer};
  if (stream.more) until = std::min(until, entries.back().cursor);
  if (!stream.same_run) return until;
  // In the current epoch the stream has everything from its first entry on.
  const auto current = std::ranges::find_if(
      entries, [&](const RoomEntry& entry) { return entry.cursor.epoch == stream.newest.epoch; });
  if (current != entries.end() && current->cursor > since) until = std::min(until, current->cursor);
  return until;
}

std::optional<ReadReply> merge_after(Cursor since, ReadReply stream, const HistoryRows& rows,
                                     ProvenStored proven) {
  if (is_below_floor(since, rows)) return std::nullopt;
  // Nothing is known about what follows the end of either list.
  Cursor known{max_json_integer, max_json_integer};
  if (stream.more) known = std::min(known, stream.entries.back().cursor);
  if (rows.more) known = std::min(known, rows.entries.back().cursor);
  ReadReply page = std::move(stream);
  page.more = page.more || rows.more;
  page.entries = united(rows.entries, std::move(page.entries));
  std::erase_if(page.entries,
                [&](const RoomEntry& entry) { return entry.cursor > known || entry.cursor <= since; });
  const std::size_t count = fitting(page.entries.begin(), page.entries.end(), max_page_entries);
  if (count < page.entries.size()) page.more = true;
  page.entries.resize(count);

  const Voids voids(rows);
  const bool is_final = proven.current && !rows.knows_voids;
  const auto proves = [&](Cursor from, Cursor to) {
    const bool is_closed = to.epoch < page.newest.epoch || !page.same_run;
    if (from.epoch != to.epoch && !proven.older) return false;
    return voids.link(from, to) || (is_closed ? proven.older : is_final);
  };
  Cursor last = since;
  for (const RoomEntry& entry : page.entries) {
    if (!proves(last, entry.cursor)) return std::nullopt;
    last = entry.cursor;
  }
  if (!page.more) {
    // If Redis was restarted, there may have been numbers after the newest that it knows.
    if (!page.same_run && !proven.older) return std::nullopt;
    if (last < page.newest && !proves(last, following(page.newest))) return std::nullopt;
    page.newest = std::max(page.newest, page.entries.empty() ? page.newest : last);
  }
  page.complete = true;
  return page;
}

bool is_below_floor(Cursor since, const HistoryRows& rows) {
  return rows.floor && since < *rows.floor;
}

bool is_enough_before(Cursor before, std::size_t limit, const ReadReply& stream) {
  if (stream.entries.size() < limit || !stream.more) return false;
  const Cursor first = stream.entries.front().cursor;
  const auto count = static_cast<std::int64_t>(stream.entries.size());
  return first.epoch == before.epoch && before.seq - first.seq == count;
}

std::optional<ReadReply> merge_before(Cursor before, std::size_t limit, ReadReply stream,
                                      const HistoryRows& rows, ProvenStored proven) {
  Cursor known;
  drop_below_floor(stream, rows);
  if (stream.more && !stream.entries.empty()) known = std::max(known, stream.entries.front().cursor);
  if (rows.more && !rows.entries.empty()) known = std::max(known, rows.entries.front().cursor);
  ReadReply page = std::move(stream);
  page.more = page.more || rows.more;
  page.entries = united(rows.entries, std::move(page.entries));
  std::erase_if(page.entries, [&](const RoomEntry& entry) { return entry.cursor < known; });
  const std::size_t count = fitting(page.entries.rbegin(), page.entries.rend(), limit);
  if (count < page.entries.size()) page.more = true;
  page.entries.erase(page.entries.begin(), page.entries.end() - static_cast<std::ptrdiff_t>(count));
  page.complete = true;
  if (!page.more) note_floor(page, rows);
  if (proven.older && proven.current) return page;

  const Voids voids(rows);
  Cursor next = page.same_run ? std::min(before, following(page.newest)) : before;
  for (auto entry = page.entries.rbegin(); entry != page.entries.rend(); next = entry++->cursor) {
    const bool is_next = voids.link(entry->cursor, next);
    if (!is_next || (entry->cursor.epoch != next.epoch && !proven.older)) return std::nullopt;
  }
  if (!page.more && !is_unnumbered(next) && !reaches_beginning(next, rows)) return std::nullopt;
  return page;
}

void prepend_older(ReadReply& reply, const HistoryRows& rows, std::size_t limit) {
  drop_below_floor(reply, rows);
  const Voids voids(rows);
  Cursor next = reply.entries.empty() ? following(reply.newest) : reply.entries.front().cursor;
  auto first = rows.entries.end();
  while (first != rows.entries.begin() && voids.link(std::prev(first)->cursor, next))
    next = (--first)->cursor;
  Entries all(first, rows.entries.end());
  all = united(std::move(all), std::move(reply.entries));
  const std::size_t count = fitting(all.rbegin(), all.rend(), limit);
  all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(count));
  const bool has_all = first == rows.entries.begin() && !rows.more && count == all.size();
  if (has_all && all.size() < limit && rows.floor) reply.pruned_to = rows.floor;
  reply.entries = std::move(all);
}

}  // namespace chat::gateway
