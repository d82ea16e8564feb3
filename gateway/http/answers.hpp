// The answers to requests, as text. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::gateway::http {

enum class Method { get, head, other };

/// The facts about a request on which its answer depends.
struct RequestFacts {
  Method method = Method::get;
  bool is_http_1_1 = true;
  bool has_host = true;
  bool has_body = false;
  bool wants_upgrade = false;  // Upgrade: websocket and Connection: upgrade
  bool is_version_13 = true;   // Sec-WebSocket-Version
  bool has_valid_key = true;   // Sec-WebSocket-Key: 16 bytes in base64
  bool has_valid_subprotocols = true;
  bool is_known_path = true;
};

struct Answer {
  unsigned status = 0;
  std::string headers;  // further header lines, each with its CRLF
  std::string body;
  bool close = false;
  std::string_view type = "text/plain";
};

/// An answer whose body is one sentence.
Answer sentence(unsigned status, std::string_view text, std::string headers = {}, bool close = false);

/// The answer at a path that speaks WebSocket only. None: the request is to be upgraded (RFC 6455
/// section 4.2.1).
std::optional<Answer> answer_request(const RequestFacts& facts);

/// The answer at "/" to a person who opens a gateway in a browser. `page`: where the chat's page is; empty:
/// unknown.
Answer about_gateway(std::string_view method, std::string_view page);

Answer bad_request();  // for input that is not HTTP
Answer needs_tls();    // for plain HTTP on a port that speaks TLS
Answer no_host();
Answer header_too_large();
Answer body_too_large();
Answer at_capacity();  // near the limit of open files
Answer going_away();
Answer internal_error();

/// The whole response; a HEAD gets no body (RFC 9110 section 9.3.2).
std::string serialize(const Answer& answer, bool keep_alive, bool is_head);

/// Whether `key` is 16 bytes in base64 (RFC 6455 section 4.1).
bool is_valid_key(std::string_view key);

}  // namespace chat::gateway::http
