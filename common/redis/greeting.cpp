#include "common/redis/greeting.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/redis/info.hpp"
#include "common/redis/trouble.hpp"

namespace chat::redis {
namespace {

/// An error's text may repeat the command's words, so of AUTH only the code is ever shown.
std::optional<Trouble> check_auth(const Reply& reply) {
  if (!reply.is_error()) return std::nullopt;
  Trouble trouble = trouble_of(reply.text());
  if (trouble.cause != "refused" && trouble.cause != "command_missing") return trouble;
  return Trouble{"login", "Redis refused AUTH (" + std::string(reply.error_code()) + ")",
                 "leave REDIS_PASSWORD empty if it has no password"};
}

std::optional<Trouble> check_no_error(const Reply& reply) {
  if (!reply.is_error()) return std::nullopt;
  return trouble_of(reply.text());
}

}  // namespace

std::vector<GreetingStep> make_greeting(const config::RedisSettings& settings) {
  std::vector<GreetingStep> steps;
  if (!settings.username.empty()) {
    steps.push_back({{"AUTH", settings.username, settings.password}, check_auth});
  } else if (!settings.password.empty()) {
    steps.push_back({{"AUTH", settings.password}, check_auth});
  }
  if (settings.database != 0)
    steps.push_back({{"SELECT", std::to_string(settings.database)}, check_no_error});
  steps.push_back({{"PING"}, check_no_error});
  return steps;
}

GreetingStep learn_run_id(std::string& run_id) {
  return {{"INFO", "server"}, [&run_id](const Reply& reply) -> std::optional<Trouble> {
            if (auto refused = check_no_error(reply)) return refused;
            if (auto unfit = unsuitable(reply.text())) return unfit;
            auto told = info_field(reply.text(), "run_id");
            if (!told)
              return Trouble{"refused", "Redis does not tell its run_id in INFO server",
                             "use Redis 6.2 or later"};
            run_id = *std::move(told);
            return std::nullopt;
          }};
}

GreetingStep load_script(std::string source, std::string& sha) {
  return {{"SCRIPT", "LOAD", std::move(source)}, [&sha](const Reply& reply) -> std::optional<Trouble> {
            if (auto refused = check_no_error(reply)) return refused;
            sha = reply.text();
            return std::nullopt;
          }};
}

bool means_reconnect(std::string_view error_code) {
  static constexpr std::array<std::string_view, 6> codes{"READONLY",   "MASTERDOWN", "LOADING",
                                                         "NOREPLICAS", "NOSCRIPT",   "NOAUTH"};
  return std::ranges::find(codes, error_code) != codes.end();
}

}  // namespace chat::redis
