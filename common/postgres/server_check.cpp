#include "common/postgres/server_check.hpp"

#include <string>
#include <utility>

namespace chat::postgres {
namespace {

/// sha256() in a migration, and whether a collation is deterministic.
constexpr int min_version = 120'000;

Failure unfit(std::string cause, std::string reason, std::string remedy) {
  return {Response::alarm, {}, std::move(reason), std::move(cause), std::move(remedy)};
}

ServerFacts read_facts(Transaction& transaction) {
  const auto answer = transaction.execute(
      "SELECT current_setting('server_version_num'), current_setting('server_encoding'), "
      "current_setting('client_encoding'), pg_is_in_recovery(), "
      "current_setting('default_transaction_read_only') = 'on'");
  const auto& row = answer.rows.at(0);
  return {std::stoi(row.at(0).value()), row.at(1).value(), row.at(2).value(), row.at(3) == "t",
          row.at(4) == "t"};
}

}  // namespace

std::optional<Failure> judge(const ServerFacts& facts, Use use) {
  if (facts.version < min_version)
    return unfit("version", "PostgreSQL is of version " + std::to_string(facts.version / 10'000),
                 "use PostgreSQL 12 or later");
  // SQL_ASCII takes all bytes as they are.
  if (facts.server_encoding != "UTF8" && facts.server_encoding != "SQL_ASCII")
    return unfit(
        "encoding",
        "the database's encoding is " + facts.server_encoding + ", in which most messages cannot be written",
        "make a database with ENCODING 'UTF8' TEMPLATE template0, copy the tables into it and correct "
        "DATABASE_URL");
  if (facts.client_encoding != "UTF8")
    return unfit("encoding", "the connection's encoding is " + facts.client_encoding + " and not UTF8",
                 "let the pooler in front of PostgreSQL pass client_encoding on");
  if (use == Use::read) return std::nullopt;
  if (facts.is_standby)
    return unfit(
        "read_only", "DATABASE_URL leads to a standby, which only reads",
        "let DATABASE_URL lead to the primary (with several hosts: target_session_attrs=read-write)");
  if (facts.is_read_only)
    return unfit("read_only", "default_transaction_read_only is on for this database or user",
                 "set it to off, or let DATABASE_URL lead to a database that may be written");
  return std::nullopt;
}

std::optional<Failure> check_server(Database& database, Use use) {
  ServerFacts facts;
  const auto failure = database.read([&](Transaction& transaction) { facts = read_facts(transaction); });
  return failure ? failure : judge(facts, use);
}

}  // namespace chat::postgres
