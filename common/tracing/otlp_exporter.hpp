// Sends spans to an OpenTelemetry Collector by OTLP/HTTP.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.hpp"
#include "common/base/report_limit.hpp"
#include "common/metrics/metrics.hpp"
#include "common/tracing/otlp_json.hpp"
#include "common/tracing/trace_metrics.hpp"
#include "common/tracing/trace_settings.hpp"
#include "common/tracing/tracer.hpp"

namespace chat::tracing {

struct ExporterLimits {
  std::size_t max_spans = 4096;                // that wait; further ones are dropped
  std::size_t max_batch = 512;                 // in one request
  std::chrono::milliseconds period{1'000};     // between two requests, unless a batch is full
  std::chrono::milliseconds answer{3'000};     // for one request
  std::chrono::milliseconds first_retry{500};  // after a collector that is away or overloaded
  std::chrono::milliseconds max_retry{30'000};
};

/// A thread of its own sends what waits. A collector that is away costs spans, never time: they are dropped,
/// counted, and named in the log once a minute.
class OtlpExporter final : public Tracer {
 public:
  /// `settings` are on and were checked; `metrics` outlives it.
  OtlpExporter(const TraceSettings& settings, Resource resource, Metrics& metrics,
               ExporterLimits limits = {});

  /// Waits for a request that is out, and sends what is left within two seconds.
  ~OtlpExporter() override;

  void record(Span span) override;

 private:
  class Connection;
  enum class Outcome { taken, refused, failed };

  void run();
  bool wait_for_batch();
  void send_batch();
  Outcome send(std::chrono::milliseconds limit);
  void drop(std::size_t spans, const std::string& reason);

  const Endpoint endpoint_;
  const Resource resource_;
  const ExporterLimits limits_;
  const TraceMetrics figures_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Span> waiting_;
  bool is_stopping_ = false;

  // The thread's own.
  std::unique_ptr<Connection> connection_;
  std::vector<Span> batch_;
  std::string reason_;  // why the last request failed
  Backoff backoff_;
  ReportLimit reports_;
  std::thread thread_;
};

/// An exporter for settings that are on; else null. `instance`: this process among those of the service.
std::unique_ptr<Tracer> make_tracer(const TraceSettings& settings, const std::string& instance,
                                    Metrics& metrics);

}  // namespace chat::tracing
