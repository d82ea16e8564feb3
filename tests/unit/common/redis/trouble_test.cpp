#include "common/redis/trouble.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::test {
namespace {

using redis::is_error_text;
using redis::trouble_of;
using redis::unsuitable;
using testing::HasSubstr;
using testing::Not;

TEST(Trouble, EachKindOfErrorHasItsCauseAndARemedy) {
  // As Redis 7.0 says them.
  const std::vector<std::pair<std::string, std::string>> table{
      {"NOAUTH Authentication required.", "login"},
      {"WRONGPASS invalid username-password pair or user is disabled.", "login"},
      {"NOPERM this user has no permissions to run the 'evalsha' command", "permission"},
      {"ERR The user executing the script can't run this command or subcommand script: f5, on "
       "@user_script:1.",
       "permission"},
      {"ERR The user executing the script can't publish to the channel mentioned in the command",
       "permission"},
      {"NEWERFORMAT the keys are of a newer release", "newer_format"},
      {"MISCONF Redis is configured to save RDB snapshots, but", "disk"},
      {"OOM command not allowed when used memory > 'maxmemory'. script: f5, on @user_script:1.", "memory"},
      {"READONLY You can't write against a read only replica.", "read_only"},
      {"MASTERDOWN Link with MASTER is down", "master_down"},
      {"LOADING Redis is loading the dataset in memory", "loading"},
      {"NOREPLICAS Not enough good replicas to write.", "no_replicas"},
      {"BUSY Redis is busy running a script.", "busy_script"},
      {"BUSYGROUP Consumer Group name already exists", "refused"},
      {"CLUSTERDOWN Hash slot not served", "cluster_mode"},
      {"CROSSSLOT Keys in request don't hash to the same slot", "cluster_mode"},
      {"MOVED 1 127.0.0.1:1", "cluster_mode"},
      {"ERR SELECT is not allowed in cluster mode", "cluster_mode"},
      {"NOSCRIPT No matching script.", "scripts"},
      {"ERR max number of clients reached", "max_clients"},
      {"ERR DB index is out of range", "database"},
      {"ERR unknown command 'EVALSHA', with args beginning with: 'secret' ", "command_missing"},
      {"DENIED Redis is running in protected mode because", "protected_mode"},
      {"ERR something new", "refused"},
      {"", "refused"},
  };
  for (const auto& [error, cause] : table) {
    EXPECT_EQ(trouble_of(error).cause, cause) << error;
    EXPECT_FALSE(trouble_of(error).reason.empty()) << error;
    EXPECT_FALSE(trouble_of(error).remedy.empty()) << error;
  }
}

TEST(Trouble, NoWordsOfACommandAreRepeated) {
  EXPECT_THAT(trouble_of("ERR unknown command 'EVALSHA', with args beginning with: 'secret' ").reason,
              testing::AllOf(HasSubstr("'EVALSHA'"), Not(HasSubstr("secret"))));
}

TEST(Trouble, AnErrorOfRedisIsToldFromOneOfTheConnection) {
  for (const char* text :
       {"LOADING Redis is loading", "ERR max number of clients reached", "NOPERM this user"})
    EXPECT_TRUE(is_error_text(text)) << text;
  for (const char* text : {"Connection reset by peer", "Server closed the connection", "", "OUT"})
    EXPECT_FALSE(is_error_text(text)) << text;
}

TEST(Trouble, OnlyASingleMasterOfALateEnoughVersionIsSuitable) {
  const auto cause_of = [](const std::string& version, const std::string& mode) -> std::string {
    const auto trouble =
        unsuitable("# Server\r\nredis_version:" + version + "\r\nredis_mode:" + mode + "\r\n");
    return trouble ? trouble->cause : "none";
  };
  EXPECT_EQ(cause_of("7.0.15", "standalone"), "none");
  EXPECT_EQ(cause_of("6.2.0", "standalone"), "none");
  EXPECT_EQ(cause_of("10.0.0", "standalone"), "none");
  EXPECT_EQ(cause_of("6.0.16", "standalone"), "too_old");
  EXPECT_EQ(cause_of("5.0.14", "standalone"), "too_old");
  EXPECT_EQ(cause_of("7.0.15", "cluster"), "cluster_mode");
  EXPECT_EQ(cause_of("7.0.15", "sentinel"), "sentinel");
  EXPECT_EQ(unsuitable("# Server\r\nrun_id:1\r\n"), std::nullopt) << "a proxy that tells little";
}

}  // namespace
}  // namespace chat::test
