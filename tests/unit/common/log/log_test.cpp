#include "common/log/log.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

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

/// In a process of its own, since standard output is turned away for good.
TEST_F(Log, AFileIsAppendedToAndOpenedAnewAtSighup) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::string file = testing::TempDir() + "chat_log_test." + std::to_string(getpid());
  const std::string moved = file + ".1";
  const auto content = [](const std::string& path) {
    std::ifstream input(path);
    return std::string(std::istreambuf_iterator<char>(input), {});
  };
  const auto run = [&] {
    std::ofstream(file) << "kept\n";
    start("sample", Level::info, file);
    info("before");
    if (std::rename(file.c_str(), moved.c_str()) != 0) std::_Exit(1);
    info("moved");
    on_signal(SIGHUP);
    info("after");
    const std::string old_lines = content(moved);
    const std::string new_lines = content(file);
    const bool is_apart = old_lines.starts_with("kept\n") &&
                          old_lines.find("\"moved\"") != std::string::npos &&
                          old_lines.find("opened anew") == std::string::npos &&
                          new_lines.find("opened anew") != std::string::npos &&
                          new_lines.find("\"after\"") != std::string::npos;
    // Where the file cannot be opened, the old one is written on.
    if (std::remove(file.c_str()) != 0 || mkdir(file.c_str(), 0700) != 0) std::_Exit(2);
    on_signal(SIGHUP);
    info("still there");
    std::_Exit(is_apart ? 0 : 3);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

TEST_F(Log, SaysThatASignalWasIgnored) {
  const auto lines = lines_of([] {
    on_signal(SIGUSR1);
    on_signal(SIGHUP);
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(json::parse(lines[0])["signal"], SIGUSR1);
  EXPECT_THAT(lines[1], testing::HasSubstr("nothing to open anew"));
}

}  // namespace
}  // namespace chat::log
