#include "gateway/lookup/redis_lookup.hpp"

#include <charconv>

#include "common/redis/trouble.hpp"
#include "common/wire/message_object.hpp"

namespace chat::gateway::lookup {
namespace {

using redis::Reply;

/// Before the number in an entry of the remembered ids: the hash of the text.
constexpr std::size_t text_hash_length = 16;

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Cursor> first_in(const Reply& entries) {
  return parse_cursor(entries.at(0).at(0).text());
}

}  // namespace

RedisLookup::RedisLookup(const config::RedisSettings& settings, std::chrono::milliseconds limit)
    : deadline_(std::chrono::steady_clock::now() + limit),
      names_(settings.prefix),
      work_(context_.get_executor()),
      connection_(
          context_, settings, {}, "trace", redis::ConnectionMetrics(metrics_, "trace"), {},
          {[this] { is_ready_ = true; }, {}, {}, [this](const Trouble& trouble) { trouble_ = trouble; }}) {
  connection_.start();
}

bool RedisLookup::wait_for(const bool& is_done) {
  while (!is_done && !trouble_)
    if (context_.run_one_until(deadline_) == 0) break;
  return is_done;
}

bool RedisLookup::ask(RedisFacts& facts, Words words, const std::function<void(const Reply&)>& read) {
  if (!facts.problem.empty()) return false;
  bool is_answered = false;
  if (wait_for(is_ready_) && !trouble_) {
    connection_.send(words, [&](const Reply& reply) {
      if (reply.is_error() && !trouble_) trouble_ = redis::trouble_of(reply.text());
      if (reply.is_none() || reply.is_error()) return;
      is_answered = true;
      read(reply);
    });
    wait_for(is_answered);
  }
  facts.answered = is_answered;
  if (!is_answered) {
    // The connection may still hold the handler, which refers to this call.
    if (!trouble_)
      trouble_ = Trouble{"silent", "Redis did not answer in time", "see whether it is stopped or overloaded"};
    connection_.drop(*trouble_);
    facts = {};
    facts.problem = trouble_->sentence();
  }
  return is_answered;
}

void RedisLookup::look_at_room(const std::string& room, RedisFacts& facts) {
  const RoomNames::Names names = names_.of(room);
  ask(facts, {"HMGET", names.meta, "epoch", "seq"}, [&](const Reply& reply) {
    facts.newest = {to_integer(reply.at(0).text()), to_integer(reply.at(1).text())};
  });
  // The hash may be lost, or one that only a read has made for an empty room.
  if (facts.newest.seq == 0)
    ask(facts, {"XREVRANGE", names.log, "+", "-", "COUNT", "1"},
        [&](const Reply& reply) { facts.newest = first_in(reply).value_or(facts.newest); });
  ask(facts, {"GET", names.stored},
      [&](const Reply& reply) { facts.watermark = parse_cursor(reply.text()).value_or(Cursor{}); });
  ask(facts, {"XRANGE", names.log, "-", "+", "COUNT", "1"},
      [&](const Reply& reply) { facts.oldest_entry = first_in(reply); });
}

void RedisLookup::find_number(const std::string& room, const Uuid& id, RedisFacts& facts) {
  constexpr std::int64_t seconds_an_hour = 3600;
  const RoomNames::Names names = names_.of(room);
  std::int64_t hour = 0;
  if (!ask(facts, {"TIME"},
           [&](const Reply& reply) { hour = to_integer(reply.at(0).text()) / seconds_an_hour; }))
    return;
  for (const std::int64_t of : {hour, hour - 1}) {
    const std::string key = std::string(names.ids) + std::to_string(of);
    ask(facts, {"HGET", key, id.binary()}, [&](const Reply& reply) {
      if (reply.text().size() > text_hash_length && !facts.remembered)
        facts.remembered = parse_cursor(reply.text().substr(text_hash_length));
    });
  }
}

void RedisLookup::find_entry(const std::string& room, Cursor cursor, RedisFacts& facts) {
  const std::string number = to_string(cursor);
  ask(facts, {"XRANGE", names_.of(room).log, number, number}, [&](const Reply& reply) {
    if (reply.size() == 0) return;
    facts.entry.emplace().cursor = cursor;
    const auto record = record_of_message(reply.at(0).at(1).at(1).text(), "");
    if (!record) return;
    facts.entry->id = record->id;
    facts.entry->sent_at = record->sent_at;
  });
}

}  // namespace chat::gateway::lookup
