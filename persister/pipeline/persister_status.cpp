#include "persister/pipeline/persister_status.hpp"

namespace chat::persister {

admin::Readiness PersisterStatus::readiness() const {
  admin::Readiness readiness;
  if (!database_ok) readiness.degraded.emplace_back("postgres");
  if (!brokers_ok || !dead_letters_ok) readiness.degraded.emplace_back("kafka");
  if (!redis_ok) readiness.degraded.emplace_back("redis");
  if (records_lost) readiness.degraded.emplace_back("records_lost");
  if (stopping) {
    readiness.status = "draining";
  } else if (joined) {
    readiness.ready = true;
    readiness.status = readiness.degraded.empty() ? "ready" : "degraded";
  }
  return readiness;
}

}  // namespace chat::persister
