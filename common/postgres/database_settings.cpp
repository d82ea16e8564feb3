#include "common/postgres/database_settings.hpp"

#include <optional>
#include <string_view>

namespace chat::postgres {
namespace {

constexpr std::string_view schemes[] = {"postgresql://", "postgres://"};

/// The length of the scheme, 0 when it is not one of PostgreSQL's.
std::size_t scheme_length(std::string_view url) {
  for (const std::string_view scheme : schemes) {
    if (url.starts_with(scheme)) return scheme.size();
  }
  return 0;
}

/// Where the parameters begin. A ? may stand in the password, which ends at the first @ or / as libpq reads
/// it.
std::size_t parameters_begin(const std::string& url) {
  const std::size_t user_end = url.find_first_of("@/", scheme_length(url));
  return url.find('?', user_end == std::string::npos ? scheme_length(url) : user_end);
}

}  // namespace

void add_database_settings(config::SettingsTable& table, DatabaseSettings& settings, bool required) {
  table.add(config::url_setting("database-url", "DATABASE_URL",
                                "PostgreSQL: postgresql://user:password@host:port/database?sslmode=...",
                                settings.url));
  table.add_check([&settings, required]() -> std::optional<std::string> {
    if (settings.url.empty()) {
      if (!required) return std::nullopt;
      return "DATABASE_URL is missing; set it to postgresql://user:password@host:port/database.";
    }
    if (scheme_length(settings.url) > 0) return std::nullopt;
    return "DATABASE_URL does not begin with postgresql://; set it to "
           "postgresql://user:password@host:port/database.";
  });
}

std::string connection_url(const DatabaseSettings& settings) {
  const std::string ours =
      "?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=30&keepalives_interval=5&keepalives_count=3"
      "&application_name=" +
      settings.application_name;
  std::string url = settings.url;
  const std::size_t at = parameters_begin(url);
  if (at == std::string::npos)
    url += ours;
  else
    url.replace(at, 1, ours + "&");
  return url + "&client_encoding=UTF8";
}

}  // namespace chat::postgres
