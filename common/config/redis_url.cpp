#include "common/config/redis_url.hpp"

#include <charconv>
#include <optional>

#include "common/config/percent_encoding.hpp"

namespace chat::config {
namespace {

constexpr const char* form = "redis://[user][:password]@host:port[/db], or rediss:// for TLS";

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || stop != text.data() + text.size() || number < min || number > max)
    return std::nullopt;
  return number;
}

std::optional<Error> read_user(std::string_view text, RedisUrl& url) {
  const auto colon = text.find(':');
  const auto username = percent_decoded(text.substr(0, colon));
  const auto password = colon == text.npos ? std::string() : percent_decoded(text.substr(colon + 1));
  if (!username || !password) return Error{"has a broken percent-encoding before the @; write % as %25"};
  url.username = *username;
  url.password = *password;
  if (!url.username.empty() && url.password.empty())
    return Error{"has a user but no password; a password alone is written redis://:password@host"};
  return std::nullopt;
}

std::optional<Error> read_server(std::string_view text, RedisUrl& url) {
  const bool is_bracketed = text.starts_with('[');
  const auto host_end = is_bracketed ? text.find(']') : text.find(':');
  if (is_bracketed && host_end == text.npos) return Error{"has a [ without its ]"};
  url.host = is_bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  if (url.host.empty()) return Error{std::string("has no host; it is written ") + form};
  std::string_view rest = host_end == text.npos ? "" : text.substr(host_end + (is_bracketed ? 1 : 0));
  if (rest.empty()) return std::nullopt;
  const auto port = rest.starts_with(':') ? parse_integer(rest.substr(1), 1, 65535) : std::nullopt;
  if (!port) return Error{"has a port that is not a number from 1 to 65535"};
  url.port = *port;
  return std::nullopt;
}

}  // namespace

const bool has_redis_tls = CHAT_REDIS_TLS != 0;

Result<RedisUrl> parse_redis_url(std::string_view text) {
  RedisUrl url;
  url.tls = text.starts_with("rediss://");
  const std::string_view scheme = url.tls ? "rediss://" : "redis://";
  if (!text.starts_with(scheme)) return Error{std::string("is not a Redis URL; it is written ") + form};
  if (text.find("://", scheme.size()) != text.npos)
    return Error{"has more than one URL; several Redis servers are not supported yet, give one"};
  text.remove_prefix(scheme.size());
  if (const auto at = text.rfind('@'); at != text.npos) {
    if (const auto error = read_user(text.substr(0, at), url)) return *error;
    text.remove_prefix(at + 1);
  }
  if (text.find(',') != text.npos)
    return Error{"has more than one server; several Redis servers are not supported yet, give one"};
  if (text.find_first_of("?#") != text.npos)
    return Error{"has options after ? or #, which are not supported"};
  const auto slash = text.find('/');
  if (const auto error = read_server(text.substr(0, slash), url)) return *error;
  const std::string_view database = slash == text.npos ? "" : text.substr(slash + 1);
  if (!database.empty()) {
    const auto number = parse_integer(database, 0, max_redis_database);
    if (!number) return Error{"has a database that is not a number"};
    url.database = *number;
  }
  return url;
}

}  // namespace chat::config
