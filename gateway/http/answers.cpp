#include "gateway/http/answers.hpp"

#include <algorithm>
#include <utility>

namespace chat::gateway::http {
namespace {

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
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

Answer sentence(unsigned status, std::string_view text, std::string headers, bool close) {
  return {status, std::move(headers), std::string(text) + "\n", close};
}

std::optional<Answer> answer_request(const RequestFacts& facts) {
  // Nobody reads the body, so the next request could not be told from it.
  const bool close = facts.has_body;
  if (facts.is_http_1_1 && !facts.has_host) return no_host();
  if (!facts.is_known_path) return sentence(404, "There is nothing at this path.", {}, close);
  if (facts.method == Method::other) {
    return sentence(405, "This path takes GET only.", "Allow: GET, HEAD\r\n", close);
  }
  if (facts.has_body) return sentence(413, "This path takes no body.", {}, close);
  if (!facts.wants_upgrade) {
    return sentence(426, "This path speaks WebSocket only.", "Upgrade: websocket\r\n");
  }
  if (!facts.is_version_13) {
    return sentence(426, "This path speaks WebSocket 13 only.",
                    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  }
  if (!facts.has_valid_key) return sentence(400, "Sec-WebSocket-Key is missing or wrong.");
  if (!facts.has_valid_subprotocols)
    return sentence(400, "Sec-WebSocket-Protocol must be a list of tokens, each once.");
  return std::nullopt;
}

Answer about_gateway(std::string_view method, std::string_view page) {
  if (method != "GET" && method != "HEAD")
    return sentence(405, "This path takes GET only.", "Allow: GET, HEAD\r\n");
  std::string text =
      "This is a gateway of a chat. Programs connect to it by WebSocket at /ws or by Socket.IO.";
  if (!page.empty()) text.append("\nThe page for people is at ").append(page).append("/");
  return sentence(200, text);
}

Answer bad_request() {
  return sentence(400, "This is not an HTTP request.", {}, true);
}

Answer needs_tls() {
  return sentence(400, "This port speaks TLS: use https:// or wss://.", {}, true);
}

Answer no_host() {
  return sentence(400, "The request has no Host header.", {}, true);
}

Answer header_too_large() {
  return sentence(431, "The request's header is over 8 KiB.", {}, true);
}

Answer body_too_large() {
  return sentence(413, "The request's body is over the limit.", {}, true);
}

Answer at_capacity() {
  return sentence(503, "This gateway holds all the connections it can.", "Retry-After: 5\r\n", true);
}

Answer going_away() {
  return sentence(503, "This gateway is going away.", "Retry-After: 1\r\n", true);
}

Answer internal_error() {
  return sentence(500, "The gateway failed on this request.", {}, true);
}

std::string serialize(const Answer& answer, bool keep_alive, bool is_head) {
  const bool upgrade = answer.status == 426;   // RFC 9110 section 7.8: Upgrade is named in Connection
  const bool has_body = answer.status != 204;  // RFC 9110 section 8.6: no Content-Length either
  std::string out = "HTTP/1.1 ";
  out.append(std::to_string(answer.status)).append(" ").append(reason_of(answer.status));
  out.append("\r\nServer: chat\r\n");
  if (has_body) {
    out.append("Content-Type: ").append(answer.type);
    out.append("\r\nContent-Length: ").append(std::to_string(answer.body.size())).append("\r\n");
  }
  out.append("Connection: ").append(keep_alive ? "keep-alive" : "close");
  out.append(upgrade ? ", Upgrade\r\n" : "\r\n");
  out.append(answer.headers).append("\r\n");
  if (!is_head && has_body) out.append(answer.body);
  return out;
}

bool is_valid_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, is_base64);
}

}  // namespace chat::gateway::http
