#include "gateway/bus/notices.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace chat::gateway {
namespace {

using nlohmann::json;

std::optional<PresenceNotice> read_presence(const json& object) {
  PresenceNotice notice;
  notice.gateway = object.at("gateway").get<std::string>();
  notice.watches = object.at("watches").get<bool>();
  notice.asks = object.at("asks").get<bool>();
  notice.attendance.members = object.at("members").get<std::size_t>();
  notice.attendance.names = object.at("names").get<std::vector<std::string>>();
  const bool is_sound = notice.attendance.members <= max_present_names
                            ? notice.attendance.has_names() && std::ranges::is_sorted(notice.attendance.names)
                            : notice.attendance.names.empty();
  return is_sound ? std::optional(std::move(notice)) : std::nullopt;
}

std::optional<Notice> read_notice(std::string_view room, const json& object) {
  if (object.at("room") != room) return std::nullopt;
  const auto& type = object.at("type");
  if (type == "typing")
    return TypingNotice{object.at("session").get<std::uint64_t>(), object.at("user").get<std::string>()};
  if (type == "presence") return read_presence(object);
  return std::nullopt;
}

}  // namespace

std::string encode_notice(std::string_view room, const TypingNotice& notice) {
  return json{{"type", "typing"}, {"room", room}, {"session", notice.session}, {"user", notice.user}}.dump();
}

std::string encode_notice(std::string_view room, const PresenceNotice& notice) {
  return json{{"type", "presence"},
              {"room", room},
              {"gateway", notice.gateway},
              {"watches", notice.watches},
              {"asks", notice.asks},
              {"members", notice.attendance.members},
              {"names", notice.attendance.names}}
      .dump();
}

std::optional<Notice> parse_notice(std::string_view room, std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  try {
    return read_notice(room, object);
  } catch (const json::exception&) {
    return std::nullopt;  // a field is missing or of another type
  }
}

}  // namespace chat::gateway
