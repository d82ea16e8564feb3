#include "persister/holes/redis_rooms.hpp"

#include <charconv>
#include <utility>

#include <boost/asio/post.hpp>

#include "persister/holes/scripts.hpp"

namespace chat::persister {
namespace {

using redis::Reply;

constexpr std::string_view rooms_a_step = "200";

std::string place(Cursor cursor) {
  return std::to_string(cursor.epoch) + "-" + std::to_string(cursor.seq);
}

/// `<epoch>-<seq>`; {0, 0} for anything else.
Cursor parse_place(std::string_view text) {
  Cursor cursor;
  const char* const end = text.data() + text.size();
  const auto epoch = std::from_chars(text.data(), end, cursor.epoch);
  if (epoch.ec != std::errc{} || epoch.ptr == end || *epoch.ptr != '-') return {};
  const auto seq = std::from_chars(epoch.ptr + 1, end, cursor.seq);
  return seq.ec == std::errc{} && seq.ptr == end ? cursor : Cursor{};
}

}  // namespace

RedisRooms::RedisRooms(const config::RedisSettings& settings, Metrics& metrics, redis::Timing timing,
                       std::stop_token stop)
    : stop_(std::move(stop)),
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

/// `read` says whether it got what it asked for.
void RedisRooms::ask(Words words, std::function<bool(const Reply&)> read) {
  ++unanswered_;
  connection_.send(words, [this, read = std::move(read)](const Reply& reply) {
    --unanswered_;
    if (!read(reply)) has_failed_ = true;
  });
}

/// Once they are; whether all got what they asked for. Handlers that run after a stop have no one to tell.
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

std::optional<std::vector<RoomState>> RedisRooms::look(const std::vector<std::string>& rooms) {
  std::vector<RoomState> states;
  states.reserve(rooms.size());
  for (const std::string& room : rooms) {
    const RoomNames::Names& names = names_.of(room);
    ask({"EVALSHA", connection_.sha(0), "4", names.meta, names.log, names.stored, names.active, room},
        [&](const Reply& reply) {
          states.push_back({{reply.at(0).integer(), reply.at(1).integer()}, parse_place(reply.at(2).text())});
          return reply.size() == 3;
        });
  }
  return all_answered() ? std::optional(std::move(states)) : std::nullopt;
}

std::optional<std::vector<StreamEntry>> RedisRooms::entries(const std::string& room, Cursor after,
                                                            Cursor until, std::size_t most) {
  std::vector<StreamEntry> entries;
  ask({"XRANGE", names_.of(room).log, "(" + place(after), place(until), "COUNT", std::to_string(most)},
      [&](const Reply& reply) {
        for (std::size_t i = 0; i < reply.size(); ++i)
          entries.push_back(
              {parse_place(reply.at(i).at(0).text()), std::string(reply.at(i).at(1).at(1).text())});
        return reply.type() == Reply::Type::array;
      });
  return all_answered() ? std::optional(std::move(entries)) : std::nullopt;
}

}  // namespace chat::persister
