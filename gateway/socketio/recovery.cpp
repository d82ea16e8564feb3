#include "gateway/socketio/recovery.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/wire/uuid.hpp"

namespace chat::gateway::socketio {
namespace {

constexpr char behind_sid = '.';
constexpr std::size_t max_pid_bytes = 36 + 1 + 16 + 1 + 16;  // the session keeps it

}  // namespace

std::string make_offset(Cursor cursor) {
  return to_string(cursor);
}

std::string make_pid(const std::string& sid, Cursor cursor) {
  return sid + behind_sid + make_offset(cursor);
}

std::optional<Recovery> read_recovery(const nlohmann::json& auth) {
  const auto pid = auth.find("pid");
  if (pid == auth.end() || !pid->is_string()) return std::nullopt;
  Recovery recovery;
  if (pid->get_ref<const std::string&>().size() > max_pid_bytes) return std::nullopt;
  recovery.pid = pid->get<std::string>();
  const std::size_t dot = recovery.pid.find(behind_sid);
  if (dot == std::string::npos) return std::nullopt;
  recovery.sid = recovery.pid.substr(0, dot);
  if (!parse_uuid(recovery.sid)) return std::nullopt;
  const auto begin = parse_cursor(std::string_view(recovery.pid).substr(dot + 1));
  if (!begin) return std::nullopt;
  recovery.since = *begin;
  const auto offset = auth.find("offset");
  if (offset == auth.end()) return recovery;
  const auto last = offset->is_string() ? parse_cursor(offset->get_ref<const std::string&>()) : std::nullopt;
  if (!last) return std::nullopt;
  // An older offset is from an earlier connection.
  recovery.since = std::max(*begin, *last);
  return recovery;
}

}  // namespace chat::gateway::socketio
