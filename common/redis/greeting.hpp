// The commands that open a connection, and what a refusal of each means for who runs the service.
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

/// AUTH and SELECT where the settings ask for them, then PING: only its answer proves that somebody serves
/// (H10). In this order on one connection, since Redis answers in order (H7).
std::vector<GreetingStep> make_greeting(const config::RedisSettings& settings);

/// INFO server; refuses a Redis that is unsuitable (trouble.hpp), and keeps the run id of the Redis behind
/// this connection (DESIGN "Numbers").
GreetingStep learn_run_id(std::string& run_id);

/// SCRIPT LOAD; keeps the script's SHA-1 for EVALSHA.
GreetingStep load_script(std::string source, std::string& sha);

/// Whether an error says that this Redis is not the master that serves, or has forgotten the scripts: the
/// connection must be made anew (DESIGN "Numbers", H1).
bool means_reconnect(std::string_view error_code);

}  // namespace chat::redis
