// Spans as OTLP, in its JSON encoding.
#pragma once

#include <span>
#include <string>

#include "common/tracing/tracer.hpp"

namespace chat::tracing {

/// The process that the spans are of.
struct Resource {
  std::string service;   // service.name
  std::string instance;  // service.instance.id
  std::string version;   // service.version
};

/// Pure. An ExportTraceServiceRequest (opentelemetry-proto, collector/trace/v1) by OTLP's JSON encoding: ids
/// in hexadecimal digits, 64-bit integers as strings, enumerations as numbers.
std::string to_otlp_json(const Resource& resource, std::span<const Span> spans);

}  // namespace chat::tracing
