// The store on PostgreSQL.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "common/postgres/database.hpp"
#include "persister/interfaces/store.hpp"

namespace chat::persister {

class PostgresStore : public Store {
 public:
  /// The database must be migrated and outlive this object. `topic`: of the positions.
  PostgresStore(postgres::Database& database, std::string topic)
      : database_(database), topic_(std::move(topic)) {}

  StoreOutcome store(std::span<const Row> rows, std::span<const Advance> advances,
                     std::span<const DeadNumber> dead, std::span<const RowKey> earlier) override;
  std::optional<postgres::Failure> rehearse() override;
  PositionsAnswer positions() override;
  std::optional<postgres::Failure> reset(std::span<const Reset> resets) override;

 private:
  bool may_be_pruned(std::span<const Row> rows) const;

  postgres::Database& database_;
  const std::string topic_;
  /// As positions() found them last; by partition. What a prune adds meanwhile lies below the positions.
  std::optional<std::map<std::int32_t, std::int64_t>> pruned_offsets_;
};

}  // namespace chat::persister
