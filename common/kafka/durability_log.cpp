#include "common/kafka/durability_log.hpp"

#include <algorithm>
#include <utility>

#include <prometheus/gauge.h>

#include "common/log/log.hpp"

namespace chat::kafka {
namespace {

bool holds(const std::vector<DurabilityFinding>& findings, const DurabilityFinding& finding) {
  return std::ranges::find(findings, finding.what, &DurabilityFinding::what) != findings.end();
}

}  // namespace

DurabilityLog::DurabilityLog(Metrics& metrics, std::vector<std::string_view> kinds)
    : metrics_(metrics), kinds_(std::move(kinds)) {
  for (const std::string_view kind : kinds_) warnings(kind);
}

prometheus::Gauge& DurabilityLog::warnings(std::string_view kind) {
  return metrics_.gauge("chat_durability_warnings",
                        "Settings of Kafka and Redis that endanger acknowledged messages, as last read",
                        {{"finding", std::string(kind)}});
}

void DurabilityLog::tell(const std::string& source, std::vector<DurabilityFinding> findings) {
  const std::lock_guard lock(mutex_);
  auto& before = findings_[source];
  for (const DurabilityFinding& finding : findings)
    if (!holds(before, finding)) log::warning(finding.sentence(), {{"finding", finding.kind}});
  for (const DurabilityFinding& finding : before)
    if (!holds(findings, finding))
      log::info("no longer found: " + finding.what, {{"no_longer_found", finding.kind}});
  before = std::move(findings);
  for (const std::string_view kind : kinds_) {
    std::ptrdiff_t count = 0;
    for (const auto& [from, each] : findings_)
      count += std::ranges::count(each, kind, &DurabilityFinding::kind);
    warnings(kind).Set(static_cast<double>(count));
  }
}

}  // namespace chat::kafka
