// Which of a room's oldest rows one transaction deletes.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/wire/cursor.hpp"

namespace chat::persister {

struct AgedRow {
  Cursor cursor;
  bool is_old = false;
};

/// Up to where a room is deleted next.
struct Prefix {
  std::optional<Cursor> floor;  // none: nothing to delete
  std::size_t rows = 0;
  bool is_last = false;  // what follows is not old
};

/// Pure. `rows` are the room's rows behind its floor, in its order; one more than `limit` where there are so
/// many. Takes at most `limit` old rows, up to the first one that is not old, so that a floor is one number.
/// Rows of one number stay together: the table allows it to come twice.
Prefix prefix_of(const std::vector<AgedRow>& rows, std::size_t limit);

}  // namespace chat::persister
