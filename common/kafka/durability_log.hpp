// Findings about settings that endanger acknowledged messages, told as they come and go.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/kafka/durability_findings.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::kafka {

/// A warning a finding, once; `chat_durability_warnings{finding}`; a line where one is gone. Any thread.
class DurabilityLog {
 public:
  /// `kinds` are those that are counted, also at zero. `metrics` outlives it.
  DurabilityLog(Metrics& metrics, std::vector<std::string_view> kinds);

  /// All findings of one source as they are now, in place of its earlier ones.
  void tell(const std::string& source, std::vector<DurabilityFinding> findings);

 private:
  Metrics& metrics_;
  const std::vector<std::string_view> kinds_;
  std::mutex mutex_;
  std::map<std::string, std::vector<DurabilityFinding>> findings_;  // by source
};

}  // namespace chat::kafka
