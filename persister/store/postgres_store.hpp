// The store on PostgreSQL.
#pragma once

#include "common/postgres/database.hpp"
#include "persister/store/store.hpp"

namespace chat::persister {

class PostgresStore : public Store {
 public:
  /// The database must be migrated and outlive this object.
  explicit PostgresStore(postgres::Database& database) : database_(database) {}

  StoreOutcome store(std::span<const Row> rows, std::span<const Position> positions,
                     std::span<const DeadNumber> dead) override;
  std::optional<postgres::Failure> rehearse() override;

 private:
  postgres::Database& database_;
};

}  // namespace chat::persister
