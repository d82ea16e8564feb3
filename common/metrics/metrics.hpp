// Counters, gauges and histograms for /metrics, over prometheus-cpp's registry.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace chat {

/// Owns all metrics of a process. References that it returns live as long as it does and may be used from any
/// thread (Increment, Set, Observe are atomic). The same name and labels give the same object. Metrics are
/// made at start; a name that Prometheus does not allow throws std::invalid_argument.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& bounds, const Labels& labels = {});

  /// Everything in Prometheus' text format 0.0.4, the process's own figures (resident memory, open files, CPU
  /// seconds, start time) included. Any thread.
  std::string text() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace chat
