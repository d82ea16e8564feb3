#include "common/tracing/trace_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::tracing {
namespace {

using ::testing::HasSubstr;

TEST(TraceEndpoint, HasAHostAPortAndOtlpsOwnPath) {
  const auto plain = parse_endpoint("http://collector").value();
  EXPECT_EQ(plain.host, "collector");
  EXPECT_EQ(plain.port, 4318);
  EXPECT_EQ(plain.path, "/v1/traces");
  const auto full = parse_endpoint("http://[::1]:80/otel/").value();
  EXPECT_EQ(full.host, "::1");
  EXPECT_EQ(full.port, 80);
  EXPECT_EQ(full.path, "/otel/v1/traces");
  EXPECT_EQ(parse_endpoint("http://127.0.0.1:4318/").value().path, "/v1/traces");
}

TEST(TraceEndpoint, WhatCannotWorkIsASentence) {
  EXPECT_THAT(parse_endpoint("https://collector").error().message, HasSubstr("https"));
  for (const char* url : {"collector:4318", "http://", "http://:1", "http://a:0", "http://a:x",
                          "http://a:70000", "http://user:password@a", "http://a?b", "grpc://a"})
    EXPECT_FALSE(parse_endpoint(url)) << url;
}

config::Outcome parse(TraceSettings& settings, const config::Environment& environment) {
  config::SettingsTable table("test", "1.0", "", {});
  add_trace_settings(table, settings, "1.0", true);
  return table.parse({}, environment);
}

TEST(TraceSettings, AreOffByDefaultAndChecked) {
  TraceSettings settings;
  EXPECT_EQ(parse(settings, {}).exit_code, 0);
  EXPECT_FALSE(settings.is_on());
  EXPECT_EQ(
      parse(settings, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318"}, {"OTEL_TRACES_SAMPLER_ARG", "0.5"}})
          .exit_code,
      0);
  EXPECT_TRUE(settings.is_on());
  EXPECT_EQ(settings.ratio_number(), 0.5);
  for (const char* ratio : {"-1", "1.1", "x", "0.5x", "nan"}) {
    TraceSettings wrong;
    const auto outcome = parse(wrong, {{"OTEL_TRACES_SAMPLER_ARG", ratio}});
    EXPECT_EQ(outcome.exit_code, 2) << ratio;
    EXPECT_THAT(outcome.output, HasSubstr("OTEL_TRACES_SAMPLER_ARG"));
  }
}

}  // namespace
}  // namespace chat::tracing
