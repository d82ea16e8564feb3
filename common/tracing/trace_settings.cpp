#include "common/tracing/trace_settings.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace chat::tracing {
namespace {

std::optional<double> parse_ratio(std::string_view text) {
  double ratio = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ratio);
  const bool is_one = error == std::errc{} && end == text.data() + text.size() && ratio >= 0 && ratio <= 1;
  return is_one ? std::optional(ratio) : std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_one = error == std::errc{} && end == text.data() + text.size() && port > 0;
  return is_one ? std::optional(port) : std::nullopt;
}

}  // namespace

double TraceSettings::ratio_number() const {
  return parse_ratio(ratio).value_or(0);
}

Result<Endpoint> parse_endpoint(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  if (url.starts_with("https://"))
    return Error{"asks for https, which is not built in; name a collector in your own network by http"};
  if (!url.starts_with(scheme)) return Error{"does not begin with http://"};
  std::string_view rest = std::string_view(url).substr(scheme.size());
  Endpoint endpoint;
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos) {
    std::string_view path = rest.substr(slash);
    while (path.ends_with('/')) path.remove_suffix(1);
    endpoint.path = std::string(path) + endpoint.path;
    rest = rest.substr(0, slash);
  }
  if (rest.find_first_of("@?# ") != std::string_view::npos || url.find_first_of("?# ") != std::string::npos)
    return Error{"has more than http://host:port/path"};
  const auto bracket = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const auto port = parse_port(rest.substr(colon + 1));
    if (!port) return Error{"has no port from 1 to 65535 behind the colon"};
    endpoint.port = *port;
    rest = rest.substr(0, colon);
  }
  if (bracket != std::string_view::npos && rest.size() > 2) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return Error{"names no host"};
  endpoint.host = rest;
  return endpoint;
}

void add_trace_settings(config::SettingsTable& table, TraceSettings& settings, const std::string& version,
                        bool with_ratio) {
  settings.version = version;
  table.add(config::text_setting("otlp-endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT",
                                 "collector that gets traces by OTLP/HTTP, such as http://localhost:4318; "
                                 "empty: nothing is traced",
                                 settings.endpoint));
  if (with_ratio)
    table.add(config::text_setting("trace-ratio", "OTEL_TRACES_SAMPLER_ARG",
                                   "share of the messages that are traced, from 0 to 1", settings.ratio));
  table.add(config::text_setting("trace-service", "OTEL_SERVICE_NAME", "name of the service in its traces",
                                 settings.service));
  table.add_check([&settings]() -> std::optional<std::string> {
    if (!settings.is_on()) return std::nullopt;
    const auto endpoint = parse_endpoint(settings.endpoint);
    if (endpoint) return std::nullopt;
    return "OTEL_EXPORTER_OTLP_ENDPOINT \"" + settings.endpoint + "\" " + endpoint.error().message;
  });
  table.add_check([&settings]() -> std::optional<std::string> {
    if (parse_ratio(settings.ratio)) return std::nullopt;
    return "OTEL_TRACES_SAMPLER_ARG \"" + settings.ratio + "\" is not a number from 0 to 1";
  });
}

}  // namespace chat::tracing
