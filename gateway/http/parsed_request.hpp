// A request as Beast reads it.
#pragma once

#include <string_view>

#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace chat::gateway::http {

/// Reads a header, and then gives up its state to the parser of a body.
using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;
using Request = Parser::value_type;

inline std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace chat::gateway::http
