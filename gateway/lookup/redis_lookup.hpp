// Asks Redis about a room and one of its messages.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/config/service_settings.hpp"
#include "common/metrics/metrics.hpp"
#include "common/redis/command_connection.hpp"
#include "common/wire/room_names.hpp"
#include "gateway/lookup/facts.hpp"

namespace chat::gateway::lookup {

/// Only reads. One thread; all calls together block for at most `limit`. After the first failure nothing more
/// is asked, and the facts say why.
class RedisLookup {
 public:
  RedisLookup(const config::RedisSettings& settings, std::chrono::milliseconds limit);

  /// The room's newest number, watermark and oldest entry.
  void look_at_room(const std::string& room, RedisFacts& facts);

  /// The number under which the id is remembered.
  void find_number(const std::string& room, const Uuid& id, RedisFacts& facts);

  void find_entry(const std::string& room, Cursor cursor, RedisFacts& facts);

 private:
  using Words = std::initializer_list<std::string_view>;

  bool ask(RedisFacts& facts, Words words, const std::function<void(const redis::Reply&)>& read);
  bool wait_for(const bool& is_done);

  const std::chrono::steady_clock::time_point deadline_;
  Metrics metrics_;
  RoomNames names_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  bool is_ready_ = false;
  std::optional<Trouble> trouble_;
  redis::CommandConnection connection_;
};

}  // namespace chat::gateway::lookup
