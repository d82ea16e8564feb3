// The close codes that the gateway sends, and whether a client should reconnect after each (PROTOCOL.md).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace chat::gateway::ws {

namespace close_code {
inline constexpr std::uint16_t done = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t not_text = 1003;
inline constexpr std::uint16_t bad_utf8 = 1007;
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t too_large = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;
inline constexpr std::uint16_t slow_consumer = 4000;
inline constexpr std::uint16_t bad_token = 4001;
inline constexpr std::uint16_t disconnected_by_administrator = 4002;
inline constexpr std::uint16_t too_many_connections = 4003;
}  // namespace close_code

struct CloseCode {
  std::uint16_t code;
  std::string_view name;
  std::string_view meaning;
  bool reconnect;  // whether the same client should connect again without a change
};

inline constexpr std::array<CloseCode, 14> close_codes{{
    {close_code::done, "done", "the connection has done its work", false},
    {close_code::going_away, "going_away", "this end is going away", true},
    {close_code::protocol_error, "protocol_error", "the framing broke RFC 6455", false},
    {close_code::not_text, "not_text", "only text frames are taken", false},
    {close_code::bad_utf8, "bad_utf8", "a text frame was not UTF-8", false},
    {close_code::policy, "policy", "the client broke a rule", false},
    {close_code::too_large, "too_large", "a message was over the limit", false},
    {close_code::internal_error, "internal_error", "the gateway failed on this connection", true},
    {close_code::restart, "restart", "the gateway restarts; reconnect after the time in the reconnect frame",
     true},
    {close_code::try_again_later, "try_again_later", "the gateway is full", true},
    {close_code::slow_consumer, "slow_consumer", "the client reads slower than it is sent to", true},
    {close_code::bad_token, "bad_token", "the token is missing, wrong or expired: get a new one", false},
    {close_code::disconnected_by_administrator, "disconnected_by_administrator",
     "an administrator closed the connection", false},
    {close_code::too_many_connections, "too_many_connections",
     "this user or address holds too many connections", false},
}};

/// Null for a code that the gateway never sends.
constexpr const CloseCode* find_close_code(std::uint16_t code) {
  for (const CloseCode& known : close_codes) {
    if (known.code == code) return &known;
  }
  return nullptr;
}

}  // namespace chat::gateway::ws
