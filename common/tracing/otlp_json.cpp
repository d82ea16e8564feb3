#include "common/tracing/otlp_json.hpp"

#include <nlohmann/json.hpp>

namespace chat::tracing {
namespace {

using nlohmann::json;

constexpr int status_error = 2;  // STATUS_CODE_ERROR

json attribute(const char* key, const Span::Value& value) {
  if (const auto* const text = std::get_if<std::string>(&value))
    return {{"key", key}, {"value", {{"stringValue", *text}}}};
  return {{"key", key}, {"value", {{"intValue", std::to_string(std::get<std::int64_t>(value))}}}};
}

json object_of(const Span& span) {
  json object = {{"traceId", hex(span.trace)},
                 {"spanId", hex(span.id)},
                 {"name", span.name},
                 {"kind", static_cast<int>(span.kind)},
                 {"startTimeUnixNano", std::to_string(span.start)},
                 {"endTimeUnixNano", std::to_string(span.end)},
                 {"attributes", json::array()}};
  if (span.parent != 0) object["parentSpanId"] = hex(span.parent);
  if (!span.error.empty()) object["status"] = {{"code", status_error}, {"message", span.error}};
  for (const auto& [key, value] : span.attributes) object["attributes"].push_back(attribute(key, value));
  return object;
}

}  // namespace

std::string to_otlp_json(const Resource& resource, std::span<const Span> spans) {
  json list = json::array();
  for (const Span& span : spans) list.push_back(object_of(span));
  const json attributes = {attribute("service.name", resource.service),
                           attribute("service.instance.id", resource.instance),
                           attribute("service.version", resource.version)};
  const json scope = {{"scope", {{"name", "chat"}, {"version", resource.version}}},
                      {"spans", std::move(list)}};
  const json request = {
      {"resourceSpans", {{{"resource", {{"attributes", attributes}}}, {"scopeSpans", {scope}}}}}};
  return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace chat::tracing
