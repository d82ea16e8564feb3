#include "common/http/list_headers.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <boost/beast/core/string.hpp>

namespace chat {
namespace {

using boost::beast::http::field;
using boost::beast::http::fields;

constexpr std::array list_fields{field::connection,
                                 field::upgrade,
                                 field::transfer_encoding,
                                 field::expect,
                                 field::sec_websocket_protocol,
                                 field::sec_websocket_extensions,
                                 field::access_control_request_headers};

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view value_of(const fields& all, field name) {
  const auto value = all[name];
  return {value.data(), value.size()};
}

}  // namespace

std::vector<std::string_view> list_elements(std::string_view list) {
  std::vector<std::string_view> elements;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string_view element = trim(list.substr(at, end - at));
    if (!element.empty()) elements.push_back(element);
    at = end + 1;
  }
  return elements;
}

bool has_element(std::string_view list, std::string_view element) {
  const auto elements = list_elements(list);
  return std::ranges::any_of(elements, [&](std::string_view each) {
    return boost::beast::iequals({each.data(), each.size()}, {element.data(), element.size()});
  });
}

void join_list_lines(fields& all) {
  for (const field name : list_fields) {
    if (all.count(name) < 2) continue;
    std::string joined;
    const auto [first, last] = all.equal_range(name);
    for (auto line = first; line != last; ++line) {
      if (!joined.empty()) joined += ", ";
      joined.append(line->value().data(), line->value().size());
    }
    all.set(name, joined);
  }
}

bool wants_keep_alive(unsigned version, std::string_view connection) {
  if (has_element(connection, "close")) return false;
  return version >= 11 || has_element(connection, "keep-alive");
}

bool has_certain_framing(unsigned version, const fields& all, bool is_chunked) {
  if (all.count(field::transfer_encoding) == 0) return true;
  const auto encodings = list_elements(value_of(all, field::transfer_encoding));
  return version >= 11 && is_chunked && encodings.size() == 1;
}

}  // namespace chat
