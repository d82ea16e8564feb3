// Header fields whose value is a list (RFC 9110 sections 5.3 and 5.6.1): one field, however many lines it
// came in.
#pragma once

#include <string_view>
#include <vector>

#include <boost/beast/http/fields.hpp>

namespace chat {

/// The elements of a comma-separated list without blanks around them; empty ones are left out. Quoted strings
/// are not known: no list that is read here may have one. The views live as long as `list`.
std::vector<std::string_view> list_elements(std::string_view list);

/// Whether one of the list's elements is `element`, whatever its case.
bool has_element(std::string_view list, std::string_view element);

/// Joins the lines of each list field that a server reads into one line, in their order (RFC 9110
/// section 5.3). Beast itself looks at the first line alone.
void join_list_lines(boost::beast::http::fields& fields);

/// Whether the connection goes on after the answer (RFC 9112 section 9.3). `version` is 10 or 11,
/// `connection` the field's joined value.
bool wants_keep_alive(unsigned version, std::string_view connection);

/// Whether it is certain where the request's body ends (RFC 9112 sections 6.1 and 6.3); else what follows may
/// be read as a request of its own. `fields` are joined, `is_chunked` is what the parser reads by.
bool has_certain_framing(unsigned version, const boost::beast::http::fields& fields, bool is_chunked);

}  // namespace chat
