#include "common/postgres/database_settings.hpp"

#include <optional>
#include <string_view>

#include "common/postgres/database_url.hpp"

namespace chat::postgres {

void add_database_settings(config::SettingsTable& table, DatabaseSettings& settings, bool required) {
  table.add(config::url_setting("database-url", "DATABASE_URL",
                                "PostgreSQL: postgresql://user:password@host:port/database?sslmode=...",
                                settings.url));
  table.add_check([&settings, required]() -> std::optional<std::string> {
    if (settings.url.empty()) {
      if (!required) return std::nullopt;
      return "DATABASE_URL is missing; set it to postgresql://user:password@host:port/database.";
    }
    const auto parsed = parse_database_url(settings.url);
    if (!parsed) return "DATABASE_URL " + parsed.error().message + ".";
    settings.url = parsed->connection;
    settings.schema = parsed->schema;
    return std::nullopt;
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
