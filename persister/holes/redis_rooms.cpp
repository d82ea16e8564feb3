#include "persister/holes/redis_rooms.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "common/wire/cursor.hpp"
#include "persister/holes/scripts.hpp"

namespace chat::persister {
namespace {

using redis::Reply;

constexpr std::string_view rooms_a_step = "200";
constexpr std::string_view keys_a_step = "500";

std::string escape_pattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("*?[]^\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

RedisRooms::RedisRooms(const config::RedisSettings& settings, Metrics& metrics, redis::Timing timing,
                       std::stop_token stop, const Clock& clock)
    : stop_(std::move(stop)),
      clock_(clock),
      names_(settings.prefix),
      work_(context_.get_executor()),
      wake_(stop_, [this] { boost::asio::post(context_, [] {}); }),
      connection_(context_, settings, {look_script}, "holes", redis::ConnectionMetrics(metrics, "holes"),
                  timing) {
  connection_.start();
}

void RedisRooms::serve_until(std::chrono::steady_clock::time_point time) {
  while (!stop_.stop_requested() && context_.run_one_until(time) > 0) {
  }
}

/// `read` says whether the answer is of the expected form.
void RedisRooms::ask(Words words, std::function<bool(const Reply&)> read) {
  ++unanswered_;
  connection_.send(words, [this, read = std::move(read)](const Reply& reply) {
    --unanswered_;
    if (!read(reply)) has_failed_ = true;
  });
}

/// Waits for all answers; whether all were of the expected form. Answers after a stop count for nothing.
bool RedisRooms::all_answered() {
  while (unanswered_ > 0 && !stop_.stop_requested()) context_.run_one();
  return !std::exchange(has_failed_, false) && unanswered_ == 0;
}

std::optional<ActiveRooms> RedisRooms::active(const std::string& from) {
  ActiveRooms active;
  ask({"ZSCAN", names_.of("").active, from, "COUNT", rooms_a_step}, [&](const Reply& reply) {
    if (reply.size() != 2) return false;
    active.next = reply.at(0).text();
    const Reply pairs = reply.at(1);
    for (std::size_t i = 0; i < pairs.size(); i += 2) active.rooms.emplace_back(pairs.at(i).text());
    return true;
  });
  return all_answered() ? std::optional(std::move(active)) : std::nullopt;
}

std::optional<ActiveRooms> RedisRooms::with_watermark(const std::string& from) {
  ActiveRooms found;
  // A room's name has neither a brace nor a pattern's characters; only the prefix may.
  const std::string empty(names_.of("").stored);
  const auto brace = empty.find("{}") + 1;
  const std::string_view head = std::string_view(empty).substr(0, brace);
  const std::string_view tail = std::string_view(empty).substr(brace);
  const std::string pattern = escape_pattern(head) + "*" + std::string(tail);
  ask({"SCAN", from, "MATCH", pattern, "COUNT", keys_a_step}, [&](const Reply& reply) {
    if (reply.size() != 2) return false;
    found.next = reply.at(0).text();
    const Reply keys = reply.at(1);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string_view key = keys.at(i).text();
      if (key.starts_with(head) && key.ends_with(tail) && key.size() > head.size() + tail.size())
        found.rooms.emplace_back(key.substr(head.size(), key.size() - head.size() - tail.size()));
    }
    return true;
  });
  return all_answered() ? std::optional(std::move(found)) : std::nullopt;
}

bool RedisRooms::forget_watermarks(const std::vector<std::string>& rooms) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall_time().time_since_epoch());
  const std::string score = std::to_string(now.count());
  const auto is_number = [](const Reply& reply) { return reply.type() == Reply::Type::integer; };
  for (const std::string& room : rooms) {
    const RoomNames::Names& names = names_.of(room);
    // In this order: if the second command is lost, the room is only looked at once more.
    ask({"ZADD", names.active, score, room}, is_number);
    ask({"DEL", names.stored}, is_number);
  }
  return all_answered();
}

std::optional<std::vector<RoomState>> RedisRooms::look(const std::vector<std::string>& rooms) {
  std::vector<RoomState> states;
  states.reserve(rooms.size());
  for (const std::string& room : rooms) {
    const RoomNames::Names& names = names_.of(room);
    ask({"EVALSHA", connection_.sha(0), "4", names.meta, names.log, names.stored, names.active, room},
        [&](const Reply& reply) {
          states.push_back({{reply.at(0).integer(), reply.at(1).integer()},
                            parse_cursor(reply.at(2).text()).value_or(Cursor{})});
          return reply.size() == 3;
        });
  }
  return all_answered() ? std::optional(std::move(states)) : std::nullopt;
}

bool RedisRooms::trim(const std::string& room, Cursor until) {
  ask({"XTRIM", names_.of(room).log, "MINID", "=", to_string(Cursor{until.epoch, until.seq + 1})},
      [](const Reply& reply) { return reply.type() == Reply::Type::integer; });
  return all_answered();
}

std::optional<std::vector<StreamEntry>> RedisRooms::entries(const std::string& room, Cursor after,
                                                            Cursor until, std::size_t max) {
  std::vector<StreamEntry> entries;
  ask({"XRANGE", names_.of(room).log, "(" + to_string(after), to_string(until), "COUNT", std::to_string(max)},
      [&](const Reply& reply) {
        for (std::size_t i = 0; i < reply.size(); ++i)
          entries.push_back({parse_cursor(reply.at(i).at(0).text()).value_or(Cursor{}),
                             std::string(reply.at(i).at(1).at(1).text())});
        return reply.type() == Reply::Type::array;
      });
  return all_answered() ? std::optional(std::move(entries)) : std::nullopt;
}

}  // namespace chat::persister
