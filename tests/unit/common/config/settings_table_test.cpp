#include "common/config/settings_table.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace chat::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using namespace std::chrono_literals;

/// One setting of each type, as a service declares them.
struct Sample {
  std::string name = "here";
  std::string password;
  std::string url = "postgresql://chat@db/chat";
  std::int64_t port = 8000;
  std::chrono::milliseconds pause = 60s;
  bool strict = false;
  std::string level = "info";
  std::string address = "127.0.0.1";
  std::map<std::string, std::string> conf;

  Outcome parse(const std::vector<std::string>& arguments, const Environment& environment = {}) {
    SettingsTable table("chat-sample", "1.2.3", "A sample.", {"CHAT_", "KAFKA_"});
    table.add(text_setting("name", "CHAT_NAME", "the name", name));
    table.add(secret_setting("password", "CHAT_PASSWORD", "the password", password));
    table.add(url_setting("url", "CHAT_URL", "the URL", url));
    table.add(renamed(integer_setting("port", "CHAT_PORT", "the port", port, 1, 65535), "tcp-port",
                      "CHAT_TCP_PORT"));
    table.add(seconds_setting("pause", "CHAT_PAUSE", "the pause", pause, 0.1, 3600));
    table.add(switch_setting("strict", "CHAT_STRICT", "be strict", strict));
    table.add(choice_setting("level", "CHAT_LEVEL", "the level", level, {"info", "error"}));
    table.add(address_setting("address", "CHAT_ADDRESS", "the address", address));
    table.add_pass_through("kafka-conf", "KAFKA_CONF_", "a | property", conf);
    table.add_check([this]() -> std::optional<std::string> {
      if (name == "forbidden") return "CHAT_NAME must not be forbidden";
      return std::nullopt;
    });
    return table.parse(arguments, environment);
  }
};

/// A file that lives as long as this.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "settings-XXXXXX").string();
    close(mkstemp(pattern.data()));
    path_ = pattern;
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void expect_error(const Outcome& outcome, const std::string& part) {
  EXPECT_EQ(outcome.action, Outcome::Action::exit);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr(part));
}

TEST(SettingsTable, KeepsTheDefaults) {
  Sample sample;
  const Outcome outcome = sample.parse({});
  EXPECT_EQ(outcome.action, Outcome::Action::run);
  EXPECT_EQ(sample.port, 8000);
  EXPECT_EQ(sample.pause, 60s);
  EXPECT_EQ(outcome.effective.at("CHAT_PORT"), "8000");
  EXPECT_EQ(outcome.effective.at("CHAT_PAUSE"), "60");
  EXPECT_EQ(outcome.effective.at("CHAT_PASSWORD"), "");
}

TEST(SettingsTable, ReadsTheEnvironment) {
  Sample sample;
  const Outcome outcome = sample.parse({}, {{"CHAT_NAME", "there"},
                                            {"CHAT_PORT", "1"},
                                            {"CHAT_PAUSE", "0.25"},
                                            {"CHAT_STRICT", "yes"},
                                            {"CHAT_LEVEL", "error"},
                                            {"CHAT_ADDRESS", "::1"}});
  ASSERT_EQ(outcome.action, Outcome::Action::run) << outcome.output;
  EXPECT_EQ(sample.name, "there");
  EXPECT_EQ(sample.port, 1);
  EXPECT_EQ(sample.pause, 250ms);
  EXPECT_TRUE(sample.strict);
  EXPECT_EQ(sample.level, "error");
  EXPECT_EQ(sample.address, "::1");
}

TEST(SettingsTable, AFlagWinsOverTheEnvironmentAndTheLastOverTheFirst) {
  Sample sample;
  sample.parse({"--port", "1", "--port=2", "--name=x"}, {{"CHAT_PORT", "3"}, {"CHAT_NAME", "y"}});
  EXPECT_EQ(sample.port, 2);
  EXPECT_EQ(sample.name, "x");
}

TEST(SettingsTable, AnEmptyVariableCountsAsNotSetAndAnEmptyFlagAsEmpty) {
  Sample sample;
  EXPECT_EQ(sample.parse({}, {{"CHAT_PORT", ""}, {"CHAT_PASSWORD_FILE", ""}}).action, Outcome::Action::run);
  EXPECT_EQ(sample.port, 8000);
  sample.parse({"--name=", "--port", "5"});
  EXPECT_EQ(sample.name, "");
  EXPECT_EQ(sample.port, 5);
}

TEST(SettingsTable, ASwitchNeedsNoValue) {
  Sample sample;
  ASSERT_EQ(sample.parse({"--strict"}).action, Outcome::Action::run);
  EXPECT_TRUE(sample.strict);
  ASSERT_EQ(sample.parse({"--strict=false", "--port", "9"}).action, Outcome::Action::run);
  EXPECT_FALSE(sample.strict);
  ASSERT_EQ(sample.parse({"--strict", "--port", "10"}).action, Outcome::Action::run);
  EXPECT_TRUE(sample.strict);
  EXPECT_EQ(sample.port, 10);
}

TEST(SettingsTable, RefusesNumbersOutsideTheirRange) {
  for (const char* text :
       {"0", "65536", "-1", "+1", " 1", "1 ", "1.0", "0x10", "", "99999999999999999999", "x"}) {
    Sample sample;
    expect_error(sample.parse({std::string("--port=") + text}), "is not a number from 1 to 65535");
    EXPECT_EQ(sample.port, 8000);
  }
  for (const char* text : {"0", "0.09", "3600.1", "nan", "inf", "1s", "-1"})
    expect_error(Sample().parse({std::string("--pause=") + text}),
                 "is not a number of seconds from 0.1 to 3600");
}

TEST(SettingsTable, RefusesOtherWrongValues) {
  expect_error(Sample().parse({}, {{"CHAT_STRICT", "maybe"}}),
               "CHAT_STRICT \"maybe\" is neither true nor false");
  expect_error(Sample().parse({}, {{"CHAT_LEVEL", "loud"}}), "CHAT_LEVEL \"loud\" is none of info, error");
  expect_error(Sample().parse({}, {{"CHAT_ADDRESS", "localhost"}}),
               "CHAT_ADDRESS \"localhost\" is not an IP address");
}

TEST(SettingsTable, TellsAllErrorsAtOnceOneALine) {
  Sample sample;
  const Outcome outcome =
      sample.parse({"--port", "0", "--bogus=geheim", "stray", "--name", "forbidden", "--level"},
                   {{"CHAT_PAUSE", "never"}});
  EXPECT_EQ(outcome.exit_code, 2);
  for (const char* part : {"--port \"0\" is not", "CHAT_PAUSE \"never\" is not", "--bogus is not a flag",
                           "CHAT_NAME must not be forbidden", "--level"})
    EXPECT_THAT(outcome.output, HasSubstr(part));
  EXPECT_THAT(outcome.output, Not(HasSubstr("geheim")));
  EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 5) << outcome.output;
}

TEST(SettingsTable, NamesAnArgumentThatBelongsToNoFlag) {
  expect_error(Sample().parse({"stray"}), "the argument \"stray\" belongs to no flag");
}

TEST(SettingsTable, MasksSecretsInTheEffectiveValues) {
  Sample sample;
  const Outcome outcome = sample.parse({"--password", "geheim", "--kafka-conf", "sasl.password=geheim"},
                                       {{"CHAT_URL", "postgresql://chat:geheim@db/chat"},
                                        {"CHAT_NAME", "redis://:geheim@h"},
                                        {"KAFKA_CONF_LINGER_MS", "5"}});
  EXPECT_EQ(sample.password, "geheim");
  EXPECT_EQ(sample.url, "postgresql://chat:geheim@db/chat");
  EXPECT_EQ(outcome.effective.at("CHAT_PASSWORD"), "***");
  EXPECT_EQ(outcome.effective.at("CHAT_URL"), "postgresql://chat:***@db/chat");
  EXPECT_EQ(outcome.effective.at("CHAT_NAME"), "redis://:***@h");
  EXPECT_EQ(outcome.effective.at("KAFKA_CONF_SASL_PASSWORD"), "***");
  EXPECT_EQ(outcome.effective.at("KAFKA_CONF_LINGER_MS"), "5");
  for (const auto& [name, value] : outcome.effective) EXPECT_THAT(value, Not(HasSubstr("geheim"))) << name;
}

TEST(SettingsTable, ReadsASecretFromTheFirstLineOfAFile) {
  const TemporaryFile file("ge heim\r\nsecond line\n");
  Sample sample;
  ASSERT_EQ(sample.parse({}, {{"CHAT_PASSWORD_FILE", file.path()}}).action, Outcome::Action::run);
  EXPECT_EQ(sample.password, "ge heim");
  const TemporaryFile without_newline("postgresql://u:p@db/x");
  ASSERT_EQ(sample.parse({"--url-file", without_newline.path()}).action, Outcome::Action::run);
  EXPECT_EQ(sample.url, "postgresql://u:p@db/x");
}

TEST(SettingsTable, RefusesASecretGivenTwiceOrFromAFileWithoutOne) {
  const TemporaryFile file("geheim\n");
  const TemporaryFile empty("\nsecond\n");
  expect_error(Sample().parse({"--password=x"}, {{"CHAT_PASSWORD_FILE", file.path()}}),
               "--password and CHAT_PASSWORD_FILE are both set");
  expect_error(Sample().parse({}, {{"CHAT_PASSWORD_FILE", empty.path()}}), "its first line is empty");
  expect_error(Sample().parse({}, {{"CHAT_PASSWORD_FILE", "/nonexistent/x"}}), "No such file or directory");
  expect_error(Sample().parse({}, {{"CHAT_PASSWORD_FILE", "/"}}), "Is a directory");
}

TEST(SettingsTable, ReadsASecretFromACredentialOfSystemdIfItIsGivenNowhereElse) {
  const TemporaryFile credential("of systemd\n");
  const std::filesystem::path folder = credential.path() + ".folder";
  std::filesystem::create_directory(folder);
  std::filesystem::rename(credential.path(), folder / "chat_password");
  const Environment environment{{"CREDENTIALS_DIRECTORY", folder.string()}};
  Sample sample;
  ASSERT_EQ(sample.parse({}, environment).action, Outcome::Action::run);
  EXPECT_EQ(sample.password, "of systemd");
  EXPECT_EQ(sample.url, "postgresql://chat@db/chat");
  sample.parse({"--password=of the flag"}, environment);
  EXPECT_EQ(sample.password, "of the flag");
  const TemporaryFile empty("\n");
  std::filesystem::copy(empty.path(), folder / "chat_url");
  expect_error(Sample().parse({}, environment),
               "the credential \"" + folder.string() + "/chat_url\" gives no value: its first line is empty");
  std::filesystem::remove_all(folder);
}

TEST(SettingsTable, PassesPropertiesThrough) {
  Sample sample;
  const Outcome outcome = sample.parse({"--kafka-conf", "linger.ms=7", "--kafka-conf=debug=a=b"},
                                       {{"KAFKA_CONF_LINGER_MS", "5"}, {"KAFKA_CONF_SSL_CA_LOCATION", "/x"}});
  ASSERT_EQ(outcome.action, Outcome::Action::run) << outcome.output;
  EXPECT_THAT(sample.conf,
              ElementsAre(Pair("debug", "a=b"), Pair("linger.ms", "7"), Pair("ssl.ca.location", "/x")));
  expect_error(Sample().parse({"--kafka-conf", "linger.ms"}),
               "--kafka-conf has a value that is not of the form");
  expect_error(Sample().parse({}, {{"KAFKA_CONF_", "5"}}), "KAFKA_CONF_ does not name a property");
}

TEST(SettingsTable, WarnsOfUnknownVariablesWithOurPrefixes) {
  Sample sample;
  const Outcome outcome = sample.parse({}, {{"CHAT_NAEM", "x"},
                                            {"KAFKA_BROKERS", "x"},
                                            {"CHAT_NAME_FILE", "x"},
                                            {"CHAT_PORT", "1"},
                                            {"KAFKA_CONF_X", "1"},
                                            {"PATH", "x"}});
  EXPECT_EQ(outcome.action, Outcome::Action::run);
  EXPECT_THAT(outcome.warnings,
              ElementsAre(HasSubstr("CHAT_NAEM"), HasSubstr("CHAT_NAME_FILE"), HasSubstr("KAFKA_BROKERS")));
  EXPECT_THAT(Sample().parse({}, {{"PATH", "x"}, {"CHAT_PASSWORD_FILE", ""}}).warnings, IsEmpty());
}

TEST(SettingsTable, TakesAFormerNameWithAWarning) {
  Sample of_environment;
  const auto variable = of_environment.parse({}, {{"CHAT_TCP_PORT", "9000"}});
  EXPECT_EQ(of_environment.port, 9000);
  EXPECT_THAT(variable.warnings, ElementsAre("CHAT_TCP_PORT is now called CHAT_PORT; set that one instead"));
  EXPECT_EQ(variable.effective.at("CHAT_PORT"), "9000");
  Sample of_flags;
  const auto flag = of_flags.parse({"--tcp-port", "9001"}, {{"CHAT_TCP_PORT", "9000"}});
  EXPECT_EQ(of_flags.port, 9001);
  EXPECT_THAT(flag.warnings, ElementsAre("--tcp-port is now called --port; set that one instead"));
  EXPECT_THAT(Sample().parse({"--tcp-port", "0"}).output, HasSubstr("--tcp-port \"0\" is not a number"));
  EXPECT_THAT(Sample().parse({"--help"}).output, Not(HasSubstr("tcp-port")));
  EXPECT_THAT(Sample().parse({}, {{"CHAT_PORT", "9000"}}).warnings, IsEmpty());
}

TEST(SettingsTable, RefusesASettingUnderBothItsNames) {
  EXPECT_EQ(
      Sample().parse({}, {{"CHAT_PORT", "1"}, {"CHAT_TCP_PORT", "1"}}).output,
      "CHAT_PORT and CHAT_TCP_PORT are both set; leave out CHAT_TCP_PORT, the former name of CHAT_PORT\n");
  const auto mixed = Sample().parse({"--port", "1"}, {{"CHAT_TCP_PORT", "1"}});
  EXPECT_EQ(mixed.exit_code, 2);
  EXPECT_EQ(mixed.output,
            "--port and CHAT_TCP_PORT are both set; leave out CHAT_TCP_PORT, the former name of CHAT_PORT\n");
}

TEST(SettingsTable, ShowsHelpAndVersionEvenWithErrors) {
  for (const char* flag : {"--help", "-h"}) {
    const Outcome help = Sample().parse({"--port", "0", flag}, {{"CHAT_PAUSE", "x"}});
    EXPECT_EQ(help.action, Outcome::Action::exit);
    EXPECT_EQ(help.exit_code, 0);
    for (const char* part : {"A sample.", "--port", "[CHAT_PORT, default 8000]", "--password-file",
                             "--kafka-conf", "--version", "--strict"})
      EXPECT_THAT(help.output, HasSubstr(part));
  }
  const Outcome version = Sample().parse({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.output, "chat-sample 1.2.3\n");
}

TEST(SettingsTable, PrintsAFurtherPageAndEnds) {
  SettingsTable table("chat-sample", "1.2.3", "A sample.", {});
  table.add_page("metrics-markdown", "Show the metrics", [] { return std::string("| a page |\n"); });
  const Outcome page = table.parse({"--metrics-markdown"}, {});
  EXPECT_EQ(page.action, Outcome::Action::exit);
  EXPECT_EQ(page.exit_code, 0);
  EXPECT_EQ(page.output, "| a page |\n");
  EXPECT_THAT(table.parse({"--help"}, {}).output, HasSubstr("--metrics-markdown"));
}

TEST(SettingsTable, WritesTheTableOfTheReadme) {
  const Outcome outcome = Sample().parse({"--help-markdown"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output,
              testing::StartsWith("| variable | flag | default | meaning |\n|---|---|---|---|\n"));
  EXPECT_THAT(outcome.output, HasSubstr("| `CHAT_PORT` | `--port` | `8000` | the port |\n"));
  EXPECT_THAT(outcome.output, HasSubstr("| `CHAT_PASSWORD` | `--password` |  | the password |\n"));
  EXPECT_THAT(outcome.output, HasSubstr("| `KAFKA_CONF_*` | `--kafka-conf` |  | a \\| property |\n"));
}

TEST(ProcessEnvironment, HoldsTheProcessesVariables) {
  ASSERT_EQ(setenv("CHAT_TEST_VARIABLE", "a=b", 1), 0);
  EXPECT_EQ(process_environment().at("CHAT_TEST_VARIABLE"), "a=b");
}

}  // namespace
}  // namespace chat::config
