#include "gateway/app/all_metrics.hpp"

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
#include "gateway/app/durability.hpp"
#include "gateway/bus/bus_metrics.hpp"
#include "gateway/bus/read_cause.hpp"
#include "gateway/chat/gateway_metrics.hpp"
#include "gateway/history/history_metrics.hpp"
#include "gateway/journal/journal_metrics.hpp"

namespace chat::gateway {

BuildInfo build() {
  return build_info({kafka::library(), redis::library(), postgres::library()});
}

void make_all_metrics(Metrics& metrics) {
  show(metrics, build());
  admin::ready_gauge(metrics);
  GatewayMetrics{metrics};
  BusMetrics{metrics};
  redis_reads(metrics);
  for (const char* role : {"subscriber", "bus", "worker"}) redis::ConnectionMetrics{metrics, role};
  JournalMetrics{metrics};
  HistoryMetrics{metrics};
  tracing::TraceMetrics{metrics};
  kafka::StatisticsMetrics{metrics, "journal"};
  kafka::offset_resets(metrics, "journal");
  kafka::DurabilityLog{metrics, all_durability_kinds()};
}

std::string metrics_markdown() {
  Metrics metrics;
  make_all_metrics(metrics);
  kafka::retention_gauge(metrics, "MESSAGES");
  admin::Dependencies{metrics}.add("redis");
  return metrics_table(metrics.text());
}

}  // namespace chat::gateway
