#include "persister/prune/prune_command.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string errors;
};

Ran run(const std::vector<std::string>& arguments, const config::Environment& environment = {}) {
  std::ostringstream out;
  std::ostringstream errors;
  const int exit_code = prune_command(arguments, environment, "1.0.0", out, errors);
  return {exit_code, out.str(), errors.str()};
}

const config::Environment with_database{{"DATABASE_URL", "postgresql://chat@127.0.0.1:1/chat"}};

TEST(PruneCommand, NeedsAnAgeAndADatabase) {
  const Ran ran = run({});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.errors, HasSubstr("PRUNE_OLDER_THAN is missing"));
  EXPECT_THAT(ran.errors, HasSubstr("DATABASE_URL"));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST(PruneCommand, RefusesAgesOfLessThanADayAndWhatIsNoAge) {
  for (const char* age : {"1h", "23h", "0d"})
    EXPECT_THAT(run({"--older-than", age}, with_database).errors, HasSubstr("is below 1d")) << age;
  for (const char* age : {"90", "soon", "-1d"})
    EXPECT_THAT(run({"--older-than=" + std::string(age)}, with_database).errors, HasSubstr("is not an age"))
        << age;
}

TEST(PruneCommand, RefusesARoomThatCannotBeAndABatchOfNothing) {
  EXPECT_THAT(run({"--older-than", "90d", "--room", "two words"}, with_database).errors,
              HasSubstr("PRUNE_ROOM \"two words\" is not the name of a room"));
  EXPECT_EQ(run({"--older-than", "90d", "--batch", "0"}, with_database).exit_code, 2);
}

TEST(PruneCommand, SaysThatKafkaIsAway) {
  auto environment = with_database;
  environment["KAFKA_BROKER"] = "127.0.0.1:1";
  const Ran ran = run({"--older-than", "90d", "--timeout", "1"}, environment);
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("Kafka does not answer or has no topic MESSAGES"));
}

TEST(PruneCommand, HelpExplainsTheAge) {
  const Ran ran = run({"--help"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("--older-than"));
}

}  // namespace
}  // namespace chat::persister
