// The highest epoch that Kafka and PostgreSQL know.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/config/service_settings.hpp"
#include "common/kafka/end_offsets.hpp"
#include "common/postgres/database.hpp"
#include "gateway/bus/epoch_archive.hpp"
#include "gateway/history/history.hpp"

namespace chat::gateway {

/// Asks Kafka where its partitions end, then PostgreSQL whether it has everything up to there and for the
/// highest epoch of any room. Blocks on a thread of its own.
class StoredEpochs final : public EpochArchive {
 public:
  /// Throws std::runtime_error for settings that no Kafka client can be made of.
  StoredEpochs(const postgres::DatabaseSettings& database, const config::KafkaSettings& kafka,
               const std::string& client_id, Post post);
  /// Drops a question that has no answer yet.
  ~StoredEpochs() override;

  void find_highest(std::function<void(ArchivedEpochs)> handler) override;

 private:
  using Handler = std::function<void(ArchivedEpochs)>;

  void run();
  ArchivedEpochs look();

  const Post post_;
  std::unique_ptr<kafka::EndOffsets> offsets_;
  const std::string topic_;
  postgres::Database database_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Handler question_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace chat::gateway
