// How much one page of a room's messages may hold. Pure.
#pragma once

#include <cstddef>

namespace chat::gateway {

/// The bounds of one page (PROTOCOL.md, joined).
inline constexpr std::size_t max_page_entries = 1000;
inline constexpr std::size_t max_page_bytes = std::size_t{256} * 1024;

/// Counts messages into a page up to its bounds.
class PageFill {
 public:
  PageFill(std::size_t max_entries, std::size_t max_bytes)
      : max_entries_(max_entries), max_bytes_(max_bytes) {}

  /// Whether a message of that many bytes fits too; it is then counted. The first one fits whatever its
  /// length.
  bool take(std::size_t bytes) {
    if (entries_ == max_entries_ || (entries_ > 0 && bytes_ + bytes > max_bytes_)) return false;
    ++entries_;
    bytes_ += bytes;
    return true;
  }

  std::size_t entries() const { return entries_; }

 private:
  const std::size_t max_entries_;
  const std::size_t max_bytes_;
  std::size_t entries_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace chat::gateway
