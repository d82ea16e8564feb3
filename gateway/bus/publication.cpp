#include "gateway/bus/publication.hpp"

#include "common/wire/text_reader.hpp"

namespace chat::gateway {
namespace {

/// A JSON string of valid UTF-8. Only what RFC 8259 section 7 demands is escaped, so that texts stay short.
void append_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += digits[c >> 4];
        out += digits[c & 15];
    }
  }
  out.append(text, plain, std::string_view::npos);
  out += '"';
}

}  // namespace

MessageParts make_message_parts(const AcceptRequest& request) {
  MessageParts parts;
  parts.head.reserve(48 + request.room.size());
  parts.head += R"({"type":"message","room":")";
  parts.head += request.room;
  parts.head += R"(","epoch":)";

  std::string& tail = parts.tail;
  tail.reserve(128 + request.sender.size() + request.sender_name.size() + request.text.size() * 9 / 8);
  tail += R"("id":")";
  tail += to_string(request.id, request.id_spelling);
  tail += R"(","sender":)";
  append_string(tail, request.sender);
  tail += R"(,"sender_name":)";
  append_string(tail, request.sender_name);
  tail += R"(,"text":)";
  append_string(tail, request.text);
  tail += R"(,"sent_at":)";
  tail += std::to_string(request.sent_at);
  tail += '}';
  return parts;
}

std::string make_message(const AcceptRequest& request, Cursor cursor) {
  MessageParts parts = make_message_parts(request);
  std::string message = std::move(parts.head);
  message += std::to_string(cursor.epoch);
  message += R"(,"seq":)";
  message += std::to_string(cursor.seq);
  message += ',';
  message += parts.tail;
  return message;
}

std::optional<PublicationHead> parse_publication(std::string_view room, std::string_view message) {
  TextReader reader(message);
  PublicationHead head;
  const bool is_message = reader.skip(R"({"type":"message","room":")") && reader.skip(room) &&
                          reader.skip(R"(","epoch":)") && reader.number(head.cursor.epoch) &&
                          reader.skip(R"(,"seq":)") && reader.number(head.cursor.seq) &&
                          reader.skip(R"(,"id":")") && reader.uuid(head.id) && reader.skip("\"");
  return is_message ? std::optional(head) : std::nullopt;
}

}  // namespace chat::gateway
