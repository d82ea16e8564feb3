#include "common/tracing/trace_ids.hpp"

#define XXH_INLINE_ALL
#include <array>
#include <charconv>

#include <xxhash.h>

#include "common/base/random.hpp"

namespace chat::tracing {
namespace {

constexpr std::size_t trace_digits = 32;
constexpr std::size_t span_digits = 16;
constexpr std::size_t length = 2 + 1 + trace_digits + 1 + span_digits + 1 + 2;  // 00-trace-span-flags

SpanId not_zero(std::uint64_t value) {
  return value == 0 ? 1 : value;
}

/// W3C allows small digits alone.
template <class Number>
std::optional<Number> parse_hex(std::string_view text) {
  if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<Uuid> parse_trace(std::string_view text) {
  Uuid trace;
  for (std::size_t i = 0; i < trace.bytes.size(); ++i) {
    const auto byte = parse_hex<std::uint8_t>(text.substr(2 * i, 2));
    if (!byte) return std::nullopt;
    trace.bytes[i] = *byte;
  }
  return trace == Uuid{} ? std::nullopt : std::optional(trace);
}

}  // namespace

SpanId span_of(const Uuid& id, std::string_view room, Step step) {
  const auto seed = XXH3_64bits_withSeed(room.data(), room.size(), static_cast<XXH64_hash_t>(step));
  return not_zero(XXH3_64bits_withSeed(id.bytes.data(), id.bytes.size(), seed));
}

SpanId random_span() {
  return not_zero(Random::real().next());
}

std::string hex(const Uuid& trace) {
  std::string text = to_string(trace);
  std::erase(text, '-');
  return text;
}

std::string hex(SpanId span) {
  std::array<char, span_digits> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), span, 16).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  return std::string(span_digits - count, '0').append(digits.data(), count);
}

std::string to_traceparent(const TraceParent& parent) {
  return "00-" + hex(parent.trace) + "-" + hex(parent.span) + (parent.is_sampled ? "-01" : "-00");
}

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  constexpr std::size_t trace_at = 3;
  constexpr std::size_t span_at = trace_at + trace_digits + 1;
  constexpr std::size_t flags_at = span_at + span_digits + 1;
  if (text.size() < length || text[2] != '-' || text[span_at - 1] != '-' || text[flags_at - 1] != '-')
    return std::nullopt;
  const auto version = parse_hex<std::uint8_t>(text.substr(0, 2));
  if (!version || *version == 0xFF) return std::nullopt;
  if (text.size() > length && (*version == 0 || text[length] != '-')) return std::nullopt;
  const auto trace = parse_trace(text.substr(trace_at, trace_digits));
  const auto span = parse_hex<SpanId>(text.substr(span_at, span_digits));
  const auto flags = parse_hex<std::uint8_t>(text.substr(flags_at, 2));
  if (!trace || !span || *span == 0 || !flags) return std::nullopt;
  return TraceParent{*trace, *span, (*flags & 1U) != 0};
}

}  // namespace chat::tracing
