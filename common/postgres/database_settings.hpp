// Where PostgreSQL is, and how long it may be silent.
#pragma once

#include <chrono>
#include <string>

#include "common/config/settings_table.hpp"

namespace chat::postgres {

struct DatabaseSettings {
  std::string url;  // DATABASE_URL, libpq's form: postgresql://user:password@host:port/database?sslmode=…
  std::string application_name = "chat";
  std::chrono::milliseconds silence_limit{10'000};  // for one statement, the commit included (P6)
};

/// Adds DATABASE_URL; a check refuses what is not such a URL, and an empty one when `required`.
void add_database_settings(config::SettingsTable& table, DatabaseSettings& settings, bool required);

/// The URL with our defaults put before its own parameters, which win: connect_timeout, tcp_user_timeout
/// (P6), keepalives, which a firewall takes for traffic, and application_name. Only UTF-8 is ours alone,
/// since all that is written and read is.
std::string connection_url(const DatabaseSettings& settings);

}  // namespace chat::postgres
