// A store on a real PostgreSQL, in a new database for each test.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "persister/migrations/migrate.hpp"
#include "persister/store/postgres_store.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/unit/persister/records.hpp"
#include "tests/unit/persister/store/advances.hpp"

namespace chat::persister::test {

class StoreFixture : public ::testing::Test {
 protected:
  StoreFixture() {
    settings_.url = chat::test::PostgresServer::running().new_database();
    database_ = std::make_unique<postgres::Database>(settings_);
    store_ = std::make_unique<PostgresStore>(*database_, "MESSAGES");
    if (const auto failure = migrate(*database_, embedded_migrations()))
      throw std::runtime_error(failure->message);
  }

  std::vector<std::string> column(const std::string& sql) {
    postgres::Database database(settings_);
    std::vector<std::string> values;
    const auto failure = database.transact([&](postgres::Transaction& t) {
      for (const auto& row : t.execute(sql).rows) values.push_back(row.at(0).value_or("NULL"));
    });
    if (failure) values = {failure->message};
    return values;
  }

  void run(const std::string& sql) {
    postgres::Database database(settings_);
    const auto failure = database.transact([&](postgres::Transaction& t) { t.execute(sql); });
    ASSERT_FALSE(failure) << failure->message;
  }

  StoreOutcome store(const std::vector<Row>& rows, const std::vector<Position>& positions = {},
                     const std::vector<DeadNumber>& dead = {}) {
    return store_->store(rows, advances_to(*store_, positions), dead, {});
  }

  postgres::DatabaseSettings settings_;
  std::unique_ptr<postgres::Database> database_;
  std::unique_ptr<PostgresStore> store_;
};

}  // namespace chat::persister::test
