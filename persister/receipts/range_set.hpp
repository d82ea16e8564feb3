// Numbers of one room as ranges, merged where they touch.
#pragma once

#include <cstddef>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_numbers.hpp"

namespace chat::persister {

/// Pure. Numbers that come in order, as most do, cost no search.
class RangeSet {
 public:
  void add(NumberRange range);
  void add(Cursor number) { add(NumberRange{number.epoch, number.seq, number.seq}); }

  /// Forgets the numbers at or below this one, those of older epochs included.
  void remove_up_to(Cursor last);

  /// Forgets the lowest ranges until there are at most so many.
  void keep_highest(std::size_t count);

  /// In rising order, none touching the next.
  const std::vector<NumberRange>& ranges() const { return ranges_; }
  std::vector<NumberRange> take();

  bool empty() const { return ranges_.empty(); }
  std::size_t size() const { return ranges_.size(); }

 private:
  void expect_apart(std::size_t index) const;

  std::vector<NumberRange> ranges_;
};

}  // namespace chat::persister
