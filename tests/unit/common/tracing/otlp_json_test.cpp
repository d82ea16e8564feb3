#include "common/tracing/otlp_json.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace chat::tracing {
namespace {

TEST(OtlpJson, WritesIdsAsDigitsAndLargeIntegersAsStrings) {
  Span span;
  span.trace = *parse_uuid("00112233-4455-4677-8899-aabbccddeeff");
  span.id = 0xAB;
  span.parent = 0xCD;
  span.name = "send MESSAGES";
  span.kind = SpanKind::producer;
  span.start = 1'700'000'000'000'000'001;
  span.end = 1'700'000'000'000'000'002;
  span.attributes = {{"chat.room", "r"}, {"chat.seq", 7}};
  const auto request = nlohmann::json::parse(to_otlp_json({"chat-gateway", "g1", "1.0"}, {&span, 1}));
  const auto expected = nlohmann::json::parse(R"({"resourceSpans":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"chat-gateway"}},
      {"key":"service.instance.id","value":{"stringValue":"g1"}},
      {"key":"service.version","value":{"stringValue":"1.0"}}]},
    "scopeSpans":[{"scope":{"name":"chat","version":"1.0"},"spans":[{
      "traceId":"00112233445546778899aabbccddeeff","spanId":"00000000000000ab",
      "parentSpanId":"00000000000000cd","name":"send MESSAGES","kind":4,
      "startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000002",
      "attributes":[{"key":"chat.room","value":{"stringValue":"r"}},
        {"key":"chat.seq","value":{"intValue":"7"}}]}]}]}]})");
  EXPECT_EQ(request, expected);
}

TEST(OtlpJson, TheFirstSpanHasNoParentAndAFaultIsAStatus) {
  Span span;
  span.error = "it failed";
  const auto request = nlohmann::json::parse(to_otlp_json({}, {&span, 1}));
  const auto& written = request["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_FALSE(written.contains("parentSpanId"));
  EXPECT_EQ(written["status"], nlohmann::json({{"code", 2}, {"message", "it failed"}}));
}

}  // namespace
}  // namespace chat::tracing
