// What the admin port says about the persister.
#pragma once

#include <atomic>

#include "common/admin/admin_server.hpp"

namespace chat::persister {

/// Written by the pipeline's thread, read by the admin server's.
struct PersisterStatus {
  std::atomic<bool> joined = false;  // the group has assigned our partitions, which may be none
  std::atomic<bool> stopping = false;
  std::atomic<bool> database_ok = false;
  std::atomic<bool> brokers_ok = true;
  std::atomic<bool> dead_letters_ok = true;
  std::atomic<bool> redis_ok = true;
  std::atomic<bool> records_lost = false;  // since the start: neither PostgreSQL nor Kafka has them

  /// Ready once it consumes. A server that is away is named but does not make the persister unready: it waits
  /// for it in a pause.
  admin::Readiness readiness() const;
};

}  // namespace chat::persister
