// The persister's publication on a room's channel: which numbers PostgreSQL holds now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/cursor.hpp"

namespace chat {

/// The numbers `first` to `last` of one epoch, both included; 1 <= first <= last.
struct NumberRange {
  std::int64_t epoch = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;

  bool contains(Cursor cursor) const {
    return cursor.epoch == epoch && first <= cursor.seq && cursor.seq <= last;
  }
  friend auto operator<=>(const NumberRange&, const NumberRange&) = default;
};

/// Whether `later` lies behind `earlier` with a number between them, or in a later epoch.
constexpr bool is_apart(const NumberRange& earlier, const NumberRange& later) {
  return earlier.epoch < later.epoch || (earlier.epoch == later.epoch && earlier.last + 1 < later.first);
}

/// One publication (ARCHITECTURE.md, The life of a message, step 8).
struct StoredNumbers {
  Cursor watermark;                 // up to here PostgreSQL has no hole; {0, 0} while that is not known
  std::vector<NumberRange> ranges;  // stored since the last publication, in rising order; others may be too
};

/// {"type":"stored","room":"R","epoch":E,"seq":S,"ranges":[[epoch,first,last],...]}: E and S are the
/// watermark. The persister's script writes the same text around the watermark that it finds, so that head
/// and tail are given apart.
struct StoredParts {
  std::string head;  // up to and with `"epoch":`
  std::string tail;  // from `"ranges":` on
};
/// `ranges` rise, and none touches the next.
StoredParts make_stored_parts(std::string_view room, const std::vector<NumberRange>& ranges);

/// None when the text is not such a publication of this room; a message object is none. Cheap to say no.
std::optional<StoredNumbers> parse_stored(std::string_view room, std::string_view text);

}  // namespace chat
