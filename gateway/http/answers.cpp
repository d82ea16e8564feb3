#include "gateway/http/answers.hpp"

#include <algorithm>

namespace chat::gateway::http {
namespace {

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 426:
      return "Upgrade Required";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

bool is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

std::optional<Answer> answer_request(const RequestFacts& facts) {
  // What follows a body that nobody reads cannot be told from it.
  const bool close = facts.has_body;
  if (facts.is_http_1_1 && !facts.has_host) return Answer{400, {}, "The request has no Host header.", close};
  if (!facts.is_known_path) return Answer{404, {}, "There is nothing at this path.", close};
  if (facts.method == Method::other) {
    return Answer{405, "Allow: GET, HEAD\r\n", "This path takes GET only.", close};
  }
  if (facts.has_body) return Answer{413, {}, "This path takes no body.", close};
  if (!facts.wants_upgrade)
    return Answer{426, "Upgrade: websocket\r\n", "This path speaks WebSocket only.", false};
  if (!facts.is_version_13) {
    return Answer{426, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                  "This path speaks WebSocket 13 only.", false};
  }
  if (!facts.has_valid_key) return Answer{400, {}, "Sec-WebSocket-Key is missing or wrong.", false};
  return std::nullopt;
}

Answer bad_request() {
  return {400, {}, "This is not an HTTP request.", true};
}

Answer header_too_large() {
  return {431, {}, "The request's header is over 8 KiB.", true};
}

Answer no_room() {
  return {503, "Retry-After: 5\r\n", "This gateway holds all the connections it can.", true};
}

Answer internal_error() {
  return {500, {}, "The gateway failed on this request.", true};
}

std::string serialize(const Answer& answer, bool keep_alive, bool is_head) {
  const bool upgrade = answer.status == 426;  // RFC 9110 section 7.8: Upgrade is named in Connection
  std::string out = "HTTP/1.1 ";
  out.append(std::to_string(answer.status)).append(" ").append(reason_of(answer.status));
  out.append("\r\nServer: chat\r\nContent-Type: ");
  out.append(answer.type).append("\r\nContent-Length: ");
  out.append(std::to_string(answer.text.size() + 1)).append("\r\nConnection: ");
  out.append(keep_alive ? "keep-alive" : "close").append(upgrade ? ", Upgrade\r\n" : "\r\n");
  out.append(answer.headers).append("\r\n");
  if (!is_head) out.append(answer.text).append("\n");
  return out;
}

bool is_valid_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, is_base64);
}

}  // namespace chat::gateway::http
