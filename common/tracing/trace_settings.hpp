// Where traces go, and of how many messages.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.hpp"
#include "common/config/settings_table.hpp"

namespace chat::tracing {

struct TraceSettings {
  std::string endpoint;  // OTEL_EXPORTER_OTLP_ENDPOINT; empty: nothing is traced
  std::string ratio = "0.01";
  std::string service;  // OTEL_SERVICE_NAME
  std::string version;  // of the program; no setting

  bool is_on() const { return !endpoint.empty(); }
  /// From 0 to 1; checked with the settings.
  double ratio_number() const;
};

/// The parts of an endpoint.
struct Endpoint {
  std::string host;
  std::uint16_t port = 4318;
  std::string path = "/v1/traces";
};

/// Pure. http://host[:port][/path], to which OTLP's own path is added. The error completes the sentence
/// "OTEL_EXPORTER_OTLP_ENDPOINT …".
Result<Endpoint> parse_endpoint(const std::string& url);

/// `with_ratio`: the service decides which messages are traced. `version`: of the program.
void add_trace_settings(config::SettingsTable& table, TraceSettings& settings, const std::string& version,
                        bool with_ratio);

}  // namespace chat::tracing
