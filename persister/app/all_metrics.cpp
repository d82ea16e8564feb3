#include "persister/app/all_metrics.hpp"

#include "common/admin/admin_server.hpp"
#include "common/admin/dependencies.hpp"
#include "common/kafka/durability_log.hpp"
#include "common/kafka/library.hpp"
#include "common/kafka/statistics.hpp"
#include "common/kafka/topic_retention.hpp"
#include "common/metrics/metrics_table.hpp"
#include "common/postgres/library.hpp"
#include "common/redis/connection_metrics.hpp"
#include "common/redis/library.hpp"
#include "common/tracing/trace_metrics.hpp"
#include "persister/holes/hole_metrics.hpp"
#include "persister/pipeline/persister_metrics.hpp"
#include "persister/receipts/receipt_metrics.hpp"
#include "persister/source/source_metrics.hpp"

namespace chat::persister {

BuildInfo build() {
  return build_info({kafka::library(), redis::library(), postgres::library()});
}

void make_all_metrics(Metrics& metrics) {
  show(metrics, build());
  admin::ready_gauge(metrics);
  PersisterMetrics{metrics};
  SourceMetrics{metrics};
  cut_letters(metrics, "none");
  ReceiptMetrics{metrics};
  HoleMetrics{metrics};
  for (const char* role : {"receipts", "holes"}) redis::ConnectionMetrics{metrics, role};
  for (const char* client : {"source", "dead_letters"}) {
    tracing::TraceMetrics{metrics};
    kafka::StatisticsMetrics{metrics, client};
    kafka::offset_resets(metrics, client);
  }
  kafka::DurabilityLog{metrics, {kafka::durability_kinds.begin(), kafka::durability_kinds.end()}};
}

std::string metrics_markdown() {
  Metrics metrics;
  make_all_metrics(metrics);
  kafka::retention_gauge(metrics, "MESSAGES");
  PersisterMetrics{metrics}.position(0);
  admin::Dependencies{metrics}.add("postgres");
  return metrics_table(metrics.text());
}

}  // namespace chat::persister
