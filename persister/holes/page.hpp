// A page of a room's numbers, and the verdict on each after Redis and PostgreSQL were compared.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/record.hpp"
#include "common/wire/stored_numbers.hpp"

namespace chat::persister {

struct StreamEntry {
  Cursor cursor;
  std::string message;  // the message object (PROTOCOL.md)
};

/// What the room's stream has of a stretch.
struct Page {
  std::vector<NumberRange> numbers;  // all that were given, one range per epoch, in rising order
  std::vector<StreamEntry> entries;  // those that the stream still has
  Cursor last;                       // the next page begins after it
  bool is_last = false;              // up to the candidate
};

/// Pure. `entries` are the stream's first ones after `after`, up to the candidate; `has_more`: the stream has
/// more of them. Numbers are dense from 1 within an epoch, so all numbers below a known one were given. Which
/// numbers an older epoch had above its last entry is not known; they are not in the page. The page ends
/// where the stream lacks more than `max_lacking` of its numbers.
Page make_page(Cursor after, Cursor candidate, std::vector<StreamEntry> entries, bool has_more,
               std::size_t max_lacking);

struct FoundRow {
  Cursor cursor;
  Uuid id;
};

/// What PostgreSQL has of a page.
struct Found {
  std::vector<FoundRow> rows;  // with a number or an id of the page
  std::set<Cursor> voids;
  std::set<Cursor> other_text;  // numbers of entries whose id is stored elsewhere with another text
  /// What a prune deleted: up to and with this number. Such a number was stored, and is nobody's loss.
  std::optional<Cursor> floor{};
};

namespace void_reason {
inline constexpr std::string_view lost = "lost";
inline constexpr std::string_view unreadable = "lost: its entry in Redis cannot be read";
inline constexpr std::string_view id_reused = "lost: its id is stored with another text";
inline constexpr std::string_view refused = "lost: PostgreSQL refuses its message";
inline constexpr std::string_view elsewhere = "stored under another number";
}  // namespace void_reason

struct VoidNumber {
  Cursor cursor;
  std::string_view reason;
};

/// What a page comes to. Every number of the page is in `stored` or in `voids`.
struct Verdict {
  std::vector<MessageRecord> missing;  // to be stored
  std::vector<VoidNumber> new_voids;   // to be noted
  std::vector<Cursor> stored;          // once that is done
  std::vector<Cursor> voids;
};

/// Reads the entries once; none for one that is not a message of this room under its number.
std::vector<std::optional<MessageRecord>> records_of(const std::string& room, const Page& page);

/// Pure. `records` are the page's entries, read.
Verdict judge_page(const Page& page, const std::vector<std::optional<MessageRecord>>& records,
                   const Found& found);

}  // namespace chat::persister
