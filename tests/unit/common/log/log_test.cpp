#include "common/log/log.hpp"

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace chat::log {
namespace {

using nlohmann::json;

class Log : public testing::Test {
 protected:
  void SetUp() override { start("sample", Level::info); }

  /// What `write_lines` puts on standard output, line by line.
  template <class F>
  static std::vector<std::string> lines_of(F write_lines) {
    testing::internal::CaptureStdout();
    write_lines();
    std::istringstream output(testing::internal::GetCapturedStdout());
    std::vector<std::string> lines;
    for (std::string line; std::getline(output, line);) lines.push_back(line);
    return lines;
  }
};

TEST_F(Log, WritesOneJsonObjectALine) {
  const auto lines = lines_of([] {
    info("Started.", {{"port", 8000}, {"ratio", 0.5}, {"tls", false}, {"room", std::string("general")}});
  });
  ASSERT_EQ(lines.size(), 1U);
  const json line = json::parse(lines[0]);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["service"], "sample");
  EXPECT_EQ(line["message"], "Started.");
  EXPECT_EQ(line["port"], 8000);
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["tls"], false);
  EXPECT_EQ(line["room"], "general");
  EXPECT_THAT(line["time"].get<std::string>(),
              testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"));
  EXPECT_THAT(lines[0], testing::StartsWith("{\"time\":"));
}

TEST_F(Log, LeavesOutWhatIsBelowTheLeastLevel) {
  EXPECT_EQ(lines_of([] { debug("x"); }).size(), 0U);
  start("sample", Level::error);
  EXPECT_EQ(lines_of([] { warning("x"), error("y"); }).size(), 1U);
  start("sample", Level::debug);
  EXPECT_EQ(lines_of([] { debug("x"), info("x"), warning("x"), error("x"); }).size(), 4U);
}

TEST_F(Log, DoesNotReadMessagesAsFormats) {
  const auto lines = lines_of([] { info("{} {0} %s %v %n {:>99999}", {{"{}", "{}"}}); });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(json::parse(lines[0])["message"], "{} {0} %s %v %n {:>99999}");
}

TEST_F(Log, NeverWritesControlCharactersOrBadUtf8Raw) {
  std::string hostile;
  for (int code = 0; code < 256; ++code) hostile += static_cast<char>(code);
  hostile += "\n{\"level\":\"error\"}\xC2\x9B\xE2\x80\xA8\xED\xA0\x80";
  const auto lines = lines_of([&] { warning(hostile, {{"value", hostile}, {hostile, 1}}); });
  ASSERT_EQ(lines.size(), 1U);
  for (const char c : lines[0]) ASSERT_TRUE(c >= 0x20 && c < 0x7F) << static_cast<int>(c);
  EXPECT_EQ(json::parse(lines[0])["level"], "warning");
}

TEST_F(Log, KeepsOtherScripts) {
  const auto lines = lines_of([] { info("Zoë 😀"); });
  EXPECT_EQ(json::parse(lines.at(0))["message"], "Zoë 😀");
}

TEST_F(Log, WritesNumbersThatJsonCannotHoldAsNull) {
  const auto lines = lines_of([] { info("x", {{"a", std::numeric_limits<double>::quiet_NaN()}}); });
  EXPECT_TRUE(json::parse(lines.at(0))["a"].is_null());
}

TEST_F(Log, KeepsLinesWholeWhenManyThreadsWrite) {
  const auto lines = lines_of([] {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([t] {
        for (int i = 0; i < 200; ++i) info("Counted.", {{"thread", t}, {"i", i}});
      });
  });
  EXPECT_EQ(lines.size(), 800U);
  for (const std::string& line : lines) EXPECT_TRUE(json::accept(line)) << line;
}

}  // namespace
}  // namespace chat::log
