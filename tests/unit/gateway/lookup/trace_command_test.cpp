#include "gateway/lookup/trace_command.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::gateway::lookup {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string errors;
};

Ran run(const std::vector<std::string>& arguments, const config::Environment& environment = {}) {
  std::ostringstream out;
  std::ostringstream errors;
  const int exit_code = trace_command(arguments, environment, "1.0.0", out, errors);
  return {exit_code, out.str(), errors.str()};
}

TEST(TraceCommand, HelpListsItsFlagsAndTheExitCodes) {
  const auto help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("chat-gateway trace ROOM"), HasSubstr("--json"), HasSubstr("--scan"),
                              HasSubstr("--redis-host"), HasSubstr("Exit code")));
}

TEST(TraceCommand, WrongArgumentsAreExitCodeTwoAndASentence) {
  EXPECT_EQ(run({}).exit_code, 2);
  EXPECT_THAT(run({"general"}).errors, HasSubstr("name the message"));
  EXPECT_THAT(run({"general", "x"}).errors, HasSubstr("\"x\" is none of EPOCH-SEQ, SEQ"));
  EXPECT_THAT(run({"a room", "5"}).errors, HasSubstr("is not a room"));
  const auto flag = run({"general", "5", "--no-such-flag"});
  EXPECT_EQ(flag.exit_code, 2);
  EXPECT_THAT(flag.errors, HasSubstr("--no-such-flag"));
  EXPECT_EQ(run({"general", "5"}, {{"DATABASE_URL", "mysql://x"}}).exit_code, 2);
}

TEST(TraceCommand, WithNobodyThereItSaysSoWithinTheLimit) {
  const auto ran = run({"general", "5"}, {{"REDIS_HOST", "127.0.0.1"},
                                          {"REDIS_PORT", "1"},
                                          {"KAFKA_BROKER", "127.0.0.1:1"},
                                          {"DATABASE_URL", "postgresql://x@127.0.0.1:1/x"}});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("redis     not known: "), HasSubstr("kafka     not known: "),
                             HasSubstr("postgres  not known: "), HasSubstr("verdict   ")));
}

}  // namespace
}  // namespace chat::gateway::lookup
