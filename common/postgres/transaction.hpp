// Statements within one transaction, with parameters and answers as text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::postgres {

class Watchdog;

/// An answer, copied out. SQL's NULL is nullopt.
struct Answer {
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::size_t affected = 0;  // rows that an INSERT, UPDATE or DELETE changed
};

/// Lives within one call of Database::transact; used on its thread.
class Transaction {
 public:
  /// `implementation` is libpqxx's transaction, which only transaction.cpp knows.
  Transaction(void* implementation, Watchdog& watchdog)
      : implementation_(implementation), watchdog_(watchdog) {}

  /// Runs one statement. Values reach it as $1, $2 … and in no other way; without any, several
  /// statements separated by ; may come at once. Throws what libpqxx throws, for Database to catch.
  Answer execute(const std::string& sql, const std::vector<std::string>& parameters = {});

 private:
  void* implementation_;
  Watchdog& watchdog_;
};

/// One column of values as a PostgreSQL array literal, for `unnest($1::text[])`. Measured beside COPY into a
/// temporary table, on two cores with libpqxx 6.4 and the real table: as fast at 1,000 rows (97,000 a
/// second), a fifth faster at 100, and it needs no table, no state of the connection, and no code that
/// differs between libpqxx 6 and 7.
class ArrayLiteral {
 public:
  void add(std::string_view value);

  /// The literal; the object is then empty.
  std::string take();

 private:
  std::string text_;
};

}  // namespace chat::postgres
