#include "common/metrics/build_info.hpp"

#include <prometheus/gauge.h>

namespace chat {
namespace {

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace

BuildInfo build_info(std::vector<std::pair<std::string, std::string>> libraries) {
  return {CHAT_VERSION, CHAT_REVISION, compiler(), std::move(libraries)};
}

std::string to_string(const BuildInfo& build) {
  std::string text = build.version + " (revision " + build.revision + ", " + build.compiler;
  for (const auto& [name, version] : build.libraries) text += ", " + name + " " + version;
  return text + ")";
}

void show(Metrics& metrics, const BuildInfo& build) {
  Metrics::Labels labels(build.libraries.begin(), build.libraries.end());
  labels["version"] = build.version;
  labels["revision"] = build.revision;
  labels["compiler"] = build.compiler;
  metrics.gauge("chat_build_info", "1; its labels say what this program was built from", labels).Set(1);
}

}  // namespace chat
