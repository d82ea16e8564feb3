#include "common/metrics/metrics.hpp"

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <unistd.h>

#include "common/metrics/build_info.hpp"
#include "common/metrics/metrics_table.hpp"

namespace chat {
namespace {

using testing::HasSubstr;

/// The value of an unlabelled metric in the text; fails the test when it is not there.
double value_of(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
  ADD_FAILURE() << name << " is missing";
  return -1;
}

TEST(Metrics, AreWrittenInTheTextFormat) {
  Metrics metrics;
  metrics.counter("chat_sent_total", "Messages sent.", {{"room", "a\"b\\c\nd"}}).Increment(3);
  metrics.gauge("chat_sessions", "Sessions.").Set(7);
  metrics.histogram("chat_wait_seconds", "Waits.", {0.1, 1}).Observe(0.5);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# HELP chat_sent_total Messages sent.\n# TYPE chat_sent_total counter\n"));
  EXPECT_THAT(text, HasSubstr("chat_sent_total{room=\"a\\\"b\\\\c\\nd\"} 3\n"));
  EXPECT_EQ(value_of(text, "chat_sessions"), 7);
  EXPECT_THAT(text, HasSubstr("chat_wait_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("chat_wait_seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("chat_wait_seconds_bucket{le=\"+Inf\"} 1\n"));
}

TEST(Metrics, AreListedInATableWithoutValues) {
  Metrics metrics;
  metrics.histogram("chat_wait_seconds", "Waits.", {0.1, 1}, {{"stage", "log"}});
  metrics.counter("chat_sent_total", "Messages sent.", {{"room", "a,x=\"y\""}, {"code", "b"}}).Increment();
  metrics.counter("chat_sent_total", "Messages sent.", {{"room", "c"}, {"code", "d"}});
  const std::string table = metrics_table(metrics.text());
  EXPECT_THAT(table, HasSubstr("| `chat_sent_total` | counter | `code`, `room` | Messages sent. |\n"
                               "| `chat_wait_seconds` | histogram | `stage` | Waits. |\n"));
  EXPECT_THAT(table, HasSubstr("| `process_open_fds` | gauge |  |"));
}

TEST(Metrics, SayWhatTheProgramWasBuiltFrom) {
  const BuildInfo build{"1.2.3", "v1-4-gabc", "GCC 12", {{"librdkafka", "2.0.2"}}};
  EXPECT_EQ(to_string(build), "1.2.3 (revision v1-4-gabc, GCC 12, librdkafka 2.0.2)");
  Metrics metrics;
  show(metrics, build);
  EXPECT_THAT(metrics.text(),
              HasSubstr("chat_build_info{compiler=\"GCC 12\",librdkafka=\"2.0.2\",revision=\"v1-4-gabc\","
                        "version=\"1.2.3\"} 1\n"));
  EXPECT_FALSE(build_info({}).version.empty());
  EXPECT_FALSE(build_info({}).revision.empty());
}

TEST(Metrics, GiveTheSameObjectForTheSameNameAndLabels) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("a_total", "A.", {{"x", "1"}}), &metrics.counter("a_total", "A.", {{"x", "1"}}));
  EXPECT_NE(&metrics.counter("a_total", "A.", {{"x", "1"}}), &metrics.counter("a_total", "A.", {{"x", "2"}}));
}

TEST(Metrics, RefuseWhatPrometheusDoesNotAllow) {
  Metrics metrics;
  EXPECT_THROW(metrics.counter("with space", "X."), std::invalid_argument);
  EXPECT_THROW(metrics.counter("", "X."), std::invalid_argument);
  EXPECT_THROW(metrics.gauge("a", "X.", {{"bad-label", "x"}}), std::invalid_argument);
  EXPECT_THROW(metrics.histogram("h", "X.", {1, 1}), std::invalid_argument);
  EXPECT_THROW(metrics.histogram("h", "X.", {2, 1}), std::invalid_argument);
  metrics.counter("taken", "X.");
  EXPECT_THROW(metrics.gauge("taken", "X."), std::invalid_argument);
}

TEST(ProcessMetrics, DescribeThisProcess) {
  const std::string text = Metrics().text();
  EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(text, "process_virtual_memory_bytes"), value_of(text, "process_resident_memory_bytes"));
  EXPECT_GE(value_of(text, "process_threads"), 1);
  EXPECT_GT(value_of(text, "process_max_fds"), value_of(text, "process_open_fds"));
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(value_of(text, "process_start_time_seconds"), now, 600);
}

TEST(ProcessMetrics, CountOpenFiles) {
  const double before = value_of(Metrics().text(), "process_open_fds");
  int open = 0;
  for (int file = 0; file < 4096; ++file) open += fcntl(file, F_GETFD) != -1 ? 1 : 0;
  EXPECT_EQ(before, open);
  int pair[2];
  ASSERT_EQ(pipe(pair), 0);
  EXPECT_EQ(value_of(Metrics().text(), "process_open_fds"), before + 2);
  close(pair[0]);
  close(pair[1]);
}

TEST(ProcessMetrics, CountCpuTime) {
  const double before = value_of(Metrics().text(), "process_cpu_seconds_total");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  double after = before;
  while (after < before + 0.02 && std::chrono::steady_clock::now() < deadline)
    after = value_of(Metrics().text(), "process_cpu_seconds_total");
  EXPECT_GE(after, before + 0.02);
}

}  // namespace
}  // namespace chat
