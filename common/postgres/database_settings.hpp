// The address of PostgreSQL, and how long it may be silent.
#pragma once

#include <chrono>
#include <string>

#include "common/config/settings_table.hpp"

namespace chat::postgres {

struct DatabaseSettings {
  std::string url;  // DATABASE_URL, libpq's form: postgresql://user:password@host:port/database?sslmode=…
  std::string schema;  // the search_path of every transaction; empty: the user's own
  std::string application_name = "chat";
  std::chrono::milliseconds silence_limit{10'000};  // for one statement, the commit included
};

/// Adds DATABASE_URL; a check refuses what is not such a URL or has parameters that libpq does not know, and
/// an empty one when `required`. It moves Prisma's parameter `schema` from `url` into `schema`.
void add_database_settings(config::SettingsTable& table, DatabaseSettings& settings, bool required);

/// The URL with our defaults put before its own parameters, which win: connect_timeout, tcp_user_timeout,
/// application_name, and keepalives, which a firewall takes for traffic. Only the encoding is ours alone: it
/// is UTF-8, as all that is written and read.
std::string connection_url(const DatabaseSettings& settings);

}  // namespace chat::postgres
