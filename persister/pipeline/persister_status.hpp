// What the admin port says about the persister.
#pragma once

#include <atomic>

#include "common/admin/admin_server.hpp"

namespace chat::persister {

/// Written by the pipeline's thread, read by the admin server's.
struct PersisterStatus {
  std::atomic<bool> joined = false;  // the group has given us our partitions, be they none
  std::atomic<bool> stopping = false;
  std::atomic<bool> database_ok = false;
  std::atomic<bool> brokers_ok = true;
  std::atomic<bool> dead_letters_ok = true;
  std::atomic<bool> redis_ok = true;
  std::atomic<bool> records_lost = false;  // since the start: neither PostgreSQL nor Kafka has them

  /// Ready once it consumes; what is away is named, and does not make it unready: a pause is its way to wait.
  admin::Readiness readiness() const;
};

}  // namespace chat::persister
