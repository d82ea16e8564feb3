// The ids of a message's trace, and which messages are traced: every process derives the same from the
// message's id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/wire/uuid.hpp"

namespace chat::tracing {

/// A span's id as a number; 0 is none.
using SpanId = std::uint64_t;

/// Of an all-zero id W3C allows no trace, so that such a message is never traced.
///
/// A message's trace has the message's id as its own. Its last 56 bits decide whether it is traced, as
/// OpenTelemetry's consistent probability sampling does: random in the UUIDs that clients make (versions 4
/// and 7).
class Sampler {
 public:
  /// `ratio` from 0, none, to 1, all.
  explicit Sampler(double ratio) : first_sampled_(static_cast<std::uint64_t>((1 - ratio) * all)) {}

  bool samples(const Uuid& id) const { return randomness(id) >= first_sampled_ && id != Uuid{}; }

 private:
  static constexpr double all = 72'057'594'037'927'936;  // 2^56

  static std::uint64_t randomness(const Uuid& id) {
    constexpr std::size_t first = 9;
    std::uint64_t value = 0;
    for (std::size_t i = first; i < id.bytes.size(); ++i) value = value << 8 | id.bytes[i];
    return value;
  }

  std::uint64_t first_sampled_;
};

/// The steps of a message's way whose spans are parents of other processes' spans.
enum class Step : std::uint64_t { accept = 1, send, receipt };

/// The same in every process and release. Never 0.
SpanId span_of(const Uuid& id, std::string_view room, Step step);

/// Another one each time. Never 0.
SpanId random_span();

/// 32 and 16 small hexadecimal digits.
std::string hex(const Uuid& trace);
std::string hex(SpanId span);

/// What a record's header says about the trace that it belongs to.
struct TraceParent {
  Uuid trace;
  SpanId span = 0;
  bool is_sampled = false;

  friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

/// The name of the header.
inline constexpr const char* traceparent_header = "traceparent";

/// The header's value, version 00 (W3C Trace Context, section 3.2), and back. Of later versions the parts of
/// version 00 are read; none for what is not valid.
std::string to_traceparent(const TraceParent& parent);
std::optional<TraceParent> parse_traceparent(std::string_view text);

}  // namespace chat::tracing
