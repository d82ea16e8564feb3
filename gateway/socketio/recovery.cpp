#include "gateway/socketio/recovery.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "common/wire/uuid.hpp"

namespace chat::gateway::socketio {
namespace {

constexpr char between_numbers = '-';
constexpr char behind_sid = '.';
constexpr std::size_t max_pid_bytes = 36 + 1 + 16 + 1 + 16;  // the session keeps it
constexpr std::int64_t max_number =
    (std::int64_t{1} << 53) - 1;  // the largest number of a cursor (PROTOCOL.md)

std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < 0 || number > max_number) return std::nullopt;
  return number;
}

std::optional<Cursor> read_offset(std::string_view text) {
  const std::size_t middle = text.find(between_numbers);
  if (middle == std::string_view::npos) return std::nullopt;
  const auto epoch = read_number(text.substr(0, middle));
  const auto seq = read_number(text.substr(middle + 1));
  if (!epoch || !seq) return std::nullopt;
  return Cursor{*epoch, *seq};
}

}  // namespace

std::string make_offset(Cursor cursor) {
  return std::to_string(cursor.epoch) + between_numbers + std::to_string(cursor.seq);
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
  const auto begin = read_offset(std::string_view(recovery.pid).substr(dot + 1));
  if (!begin) return std::nullopt;
  recovery.since = *begin;
  const auto offset = auth.find("offset");
  if (offset == auth.end()) return recovery;
  const auto last = offset->is_string() ? read_offset(offset->get_ref<const std::string&>()) : std::nullopt;
  if (!last) return std::nullopt;
  // An older offset is from an earlier connection.
  recovery.since = std::max(*begin, *last);
  return recovery;
}

}  // namespace chat::gateway::socketio
