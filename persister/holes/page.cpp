#include "persister/holes/page.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/bug.hpp"
#include "common/wire/message_object.hpp"

namespace chat::persister {
namespace {

/// Builds the ranges from one known number to the next.
class Stretch {
 public:
  Stretch(Page& page, Cursor after, std::size_t max_lacking)
      : page_(page), max_lacking_(static_cast<std::int64_t>(max_lacking)) {
    page_.last = after;
  }

  /// Takes all numbers up to this one; false when the page is full in front of it. `is_present`: the number
  /// itself is in the stream.
  bool reach(Cursor cursor, bool is_present) {
    const std::int64_t first = cursor.epoch == page_.last.epoch ? page_.last.seq + 1 : 1;
    const std::int64_t last_lacking = is_present ? cursor.seq - 1 : cursor.seq;
    const std::int64_t room_left = max_lacking_ - lacking_;
    if (last_lacking - first + 1 > room_left) {
      if (room_left > 0) take(cursor.epoch, first, first + room_left - 1);
      return false;
    }
    lacking_ += std::max(last_lacking - first + 1, std::int64_t{0});
    if (first <= cursor.seq) take(cursor.epoch, first, cursor.seq);
    return true;
  }

 private:
  void take(std::int64_t epoch, std::int64_t first, std::int64_t last) {
    if (page_.numbers.empty() || page_.numbers.back().epoch != epoch)
      page_.numbers.push_back({epoch, first, last});
    else
      page_.numbers.back().last = last;
    page_.last = {epoch, last};
  }

  Page& page_;
  const std::int64_t max_lacking_;
  std::int64_t lacking_ = 0;
};

std::size_t count_of(const std::vector<NumberRange>& ranges) {
  std::int64_t count = 0;
  for (const NumberRange& range : ranges) count += range.last - range.first + 1;
  return static_cast<std::size_t>(count);
}

/// Goes through a page's numbers in order.
class Judge {
 public:
  explicit Judge(const Found& found) : found_(found) {
    for (const FoundRow& row : found.rows) {
      rows_.insert(row.cursor);
      ids_.emplace(row.id, row.cursor);
    }
  }

  void lacking(Cursor number) {
    if (is_pruned(number) || rows_.contains(number))
      verdict_.stored.push_back(number);
    else if (found_.voids.contains(number))
      verdict_.voids.push_back(number);
    else
      make_void(number, void_reason::lost);
  }

  void entry(Cursor number, const std::optional<MessageRecord>& record) {
    if (is_pruned(number)) return verdict_.stored.push_back(number);
    const bool has_row = rows_.contains(number);
    const auto same_id = record ? ids_.find(record->id) : ids_.end();
    // NOLINTNEXTLINE(bugprone-branch-clone): the order of the cases decides.
    if (same_id != ids_.end() && same_id->second == number) {
      verdict_.stored.push_back(number);
    } else if (found_.voids.contains(number)) {
      verdict_.voids.push_back(number);
    } else if (same_id != ids_.end() && !found_.other_text.contains(number)) {
      if (!has_row) verdict_.new_voids.push_back({number, void_reason::elsewhere});
      verdict_.stored.push_back(number);
    } else if (record && same_id == ids_.end()) {
      verdict_.missing.push_back(*record);
      verdict_.stored.push_back(number);
      // A second entry with this id is stored elsewhere then.
      ids_.emplace(record->id, number);
    } else if (has_row) {
      verdict_.stored.push_back(number);
    } else {
      make_void(number, record ? void_reason::id_reused : void_reason::unreadable);
    }
  }

  Verdict take() { return std::move(verdict_); }

 private:
  bool is_pruned(Cursor number) const { return found_.floor && number <= *found_.floor; }

  void make_void(Cursor number, std::string_view reason) {
    verdict_.new_voids.push_back({number, reason});
    verdict_.voids.push_back(number);
  }

  const Found& found_;
  std::set<Cursor> rows_;
  std::map<Uuid, Cursor> ids_;
  Verdict verdict_;
};

}  // namespace

Page make_page(Cursor after, Cursor candidate, std::vector<StreamEntry> entries, bool has_more,
               std::size_t max_lacking) {
  Page page;
  Stretch stretch(page, after, max_lacking);
  std::size_t taken = 0;
  while (taken < entries.size() && stretch.reach(entries[taken].cursor, true)) ++taken;
  const bool has_all = taken == entries.size() && !has_more;
  page.is_last = has_all && (page.last == candidate || stretch.reach(candidate, false));
  entries.resize(taken);
  page.entries = std::move(entries);
  return page;
}

std::vector<std::optional<MessageRecord>> records_of(const std::string& room, const Page& page) {
  std::vector<std::optional<MessageRecord>> records;
  records.reserve(page.entries.size());
  for (const StreamEntry& entry : page.entries) {
    auto record = record_of_message(entry.message, "");
    if (record && (record->room != room || record->cursor != entry.cursor)) record.reset();
    records.push_back(std::move(record));
  }
  return records;
}

Verdict judge_page(const Page& page, const std::vector<std::optional<MessageRecord>>& records,
                   const Found& found) {
  Judge judge(found);
  std::size_t next_entry = 0;
  for (const NumberRange& range : page.numbers) {
    for (Cursor number{range.epoch, range.first}; number.seq <= range.last; ++number.seq) {
      if (next_entry < page.entries.size() && page.entries[next_entry].cursor == number)
        judge.entry(number, records[next_entry++]);
      else
        judge.lacking(number);
    }
  }
  Verdict verdict = judge.take();
  CHAT_BUG(verdict.stored.size() + verdict.voids.size() != count_of(page.numbers),
           "a number of a page was judged twice or not at all");
  return verdict;
}

}  // namespace chat::persister
