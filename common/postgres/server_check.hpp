// Whether a database can hold what the services write and read, apart from its tables.
#pragma once

#include <optional>
#include <string>

#include "common/postgres/database.hpp"

namespace chat::postgres {

enum class Use { read, write };

struct ServerFacts {
  int version = 0;  // server_version_num
  std::string server_encoding;
  std::string client_encoding;
  bool is_standby = false;
  bool is_read_only = false;  // a transaction that does not ask for it
};

/// Pure. What makes the database unfit for the use, as a failure whose response is alarm.
std::optional<Failure> judge(const ServerFacts& facts, Use use);

/// Asks the server in one statement, and judges the answer. Call it on each new connection: a failover or a
/// new pooler may have put another server behind the same URL.
std::optional<Failure> check_server(Database& database, Use use);

}  // namespace chat::postgres
