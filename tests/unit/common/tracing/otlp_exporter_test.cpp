// With a collector: tests/system/tracing.test.mjs.
#include "common/tracing/otlp_exporter.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::tracing {
namespace {

using ::testing::HasSubstr;

TEST(OtlpExporter, WithoutACollectorSpansAreDroppedAndCountedAndNobodyWaits) {
  Metrics metrics;
  const auto begun = std::chrono::steady_clock::now();
  {
    TraceSettings settings;
    settings.endpoint = "http://127.0.0.1:1";
    settings.ratio = "1";
    ExporterLimits limits;
    limits.max_spans = 10;
    limits.max_batch = 5;
    OtlpExporter exporter(settings, {}, metrics, limits);
    EXPECT_TRUE(exporter.samples(random_uuid()));
    for (int i = 0; i < 100; ++i) exporter.record({});
  }
  EXPECT_THAT(metrics.text(), HasSubstr("chat_trace_spans_dropped_total 100"));
  EXPECT_THAT(metrics.text(), HasSubstr("chat_trace_spans_exported_total 0"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{30});
}

TEST(OtlpExporter, ThereIsNoneWithoutAnEndpoint) {
  Metrics metrics;
  EXPECT_EQ(make_tracer({}, "g1", metrics), nullptr);
}

}  // namespace
}  // namespace chat::tracing
