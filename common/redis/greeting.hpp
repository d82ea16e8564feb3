// The commands that open a connection, and what a refusal of each means to an operator.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"
#include "common/redis/reply.hpp"

namespace chat::redis {

/// One command that must be answered well before the connection counts as ready.
struct GreetingStep {
  std::vector<std::string> words;
  /// None when the answer is good, else what is wrong, without secrets.
  std::function<std::optional<Trouble>(const Reply&)> check;
};

/// AUTH and SELECT where the settings ask for them, then PING: only its answer proves that Redis serves. They
/// go in this order on one connection, since Redis answers in order.
std::vector<GreetingStep> make_greeting(const config::RedisSettings& settings);

/// INFO server; refuses a Redis that is unsuitable (trouble.hpp), and keeps the run id of the Redis behind
/// this connection (ARCHITECTURE.md, Numbers).
GreetingStep learn_run_id(std::string& run_id);

/// SCRIPT LOAD; keeps the script's SHA-1 for EVALSHA.
GreetingStep load_script(std::string source, std::string& sha);

/// Whether an error says that this Redis is not the serving master, or that it has forgotten the scripts.
/// Then the connection must be made anew.
bool means_reconnect(std::string_view error_code);

}  // namespace chat::redis
