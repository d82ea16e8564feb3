// Empty lines in front of a request, which a server ignores (RFC 9112 section 2.2): some clients end a body
// by one.
#pragma once

#include <cstddef>

#include <boost/beast/core/flat_buffer.hpp>

namespace chat {

/// More of them in front of one request are not ignored, but refused by the parser.
constexpr std::size_t max_empty_lines = 8;

/// Drops up to `max` empty lines (CR LF) that the buffer begins with, and gives their number.
inline std::size_t drop_empty_lines(boost::beast::flat_buffer& buffer, std::size_t max) {
  std::size_t dropped = 0;
  for (; dropped < max; ++dropped) {
    const auto* const bytes = static_cast<const char*>(buffer.cdata().data());
    if (buffer.size() < 2 || bytes[0] != '\r' || bytes[1] != '\n') break;
    buffer.consume(2);
  }
  return dropped;
}

/// Whether the buffer begins with what a parser can judge: not empty, and not half an empty line.
inline bool has_request_begun(const boost::beast::flat_buffer& buffer) {
  return buffer.size() > 1 ||
         (buffer.size() == 1 && *static_cast<const char*>(buffer.cdata().data()) != '\r');
}

}  // namespace chat
