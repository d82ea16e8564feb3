// Spans, and where they go.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.hpp"
#include "common/tracing/trace_ids.hpp"
#include "common/wire/uuid.hpp"

namespace chat::tracing {

/// Nanoseconds since 1970; 0: a message that is not traced.
using TimeStamp = std::int64_t;

inline TimeStamp time_of(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(clock.wall_time().time_since_epoch()).count();
}

/// As OTLP numbers them (trace.proto, SpanKind).
enum class SpanKind { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };

/// One step of a message's way. Never holds its text, or a name that a person chose.
struct Span {
  using Value = std::variant<std::string, std::int64_t>;

  Uuid trace;
  SpanId id = 0;
  SpanId parent = 0;  // 0: the first of the trace
  std::string name;
  SpanKind kind = SpanKind::internal;
  TimeStamp start = 0;
  TimeStamp end = 0;
  std::string error{};  // empty: it went well
  std::vector<std::pair<const char*, Value>> attributes{};
};

/// Any thread. Code that traces holds a pointer, null where nothing is traced.
class Tracer {
 public:
  explicit Tracer(Sampler sampler) : sampler_(sampler) {}
  virtual ~Tracer() = default;

  /// Whether the message with this id is traced.
  bool samples(const Uuid& id) const { return sampler_.samples(id); }

  /// Takes the span, or drops and counts it. Never blocks on a network.
  virtual void record(Span span) = 0;

 private:
  const Sampler sampler_;
};

}  // namespace chat::tracing
