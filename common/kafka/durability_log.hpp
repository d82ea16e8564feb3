// Reports settings that endanger acknowledged messages, as they come and go.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/kafka/durability_findings.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::kafka {

/// Logs each finding once as a warning, counts it in `chat_durability_warnings{finding}`, and logs when it is
/// gone. Any thread.
class DurabilityLog {
 public:
  /// `kinds` are those that are counted, also at zero. `metrics` outlives it.
  DurabilityLog(Metrics& metrics, std::vector<std::string_view> kinds);

  /// All present findings of one source; they replace its earlier ones.
  void tell(const std::string& source, std::vector<DurabilityFinding> findings);

 private:
  prometheus::Gauge& warnings(std::string_view kind);

  Metrics& metrics_;
  const std::vector<std::string_view> kinds_;
  std::mutex mutex_;
  std::map<std::string, std::vector<DurabilityFinding>> findings_;  // by source
};

}  // namespace chat::kafka
