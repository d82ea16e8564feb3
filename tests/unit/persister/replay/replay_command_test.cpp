#include "persister/replay/replay_command.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "persister/source/kafka_dead_letter_queue.hpp"
#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::persister {
namespace {

using chat::test::MockCluster;
using chat::test::patience;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string errors;
};

Ran run(const std::vector<std::string>& arguments, const config::Environment& environment = {}) {
  std::ostringstream out;
  std::ostringstream errors;
  const int exit_code = replay_command(arguments, environment, "1.0.0", out, errors);
  return {exit_code, out.str(), errors.str()};
}

TEST(ReplayCommand, TellsHowManyItPutBackAndThenThatThereIsNothingLeft) {
  MockCluster cluster;
  Metrics metrics;
  KafkaDeadLetterQueue letters(cluster.settings(), "test", metrics);
  ASSERT_TRUE(letters.publish({{3, 42, "room", "value"}, "PostgreSQL refuses the row"}, patience));
  ASSERT_TRUE(letters.publish({{3, 43, "room", "{value"}, "the value is not JSON"}, patience));
  const config::Environment environment{{"KAFKA_BROKER", cluster.settings().brokers}};

  const auto listed = run({"--dry-run", "--reason", "PostgreSQL"}, environment);
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_EQ(listed.out,
            "partition 3, offset 42: PostgreSQL refuses the row\n"
            "1 would be put back into MESSAGES, 1 of other reasons kept\n");
  EXPECT_EQ(run({}, environment).out, "2 put back into MESSAGES\n");
  EXPECT_EQ(run({}, environment).out, "0 put back into MESSAGES\n");
}

TEST(ReplayCommand, AnErrorIsOneSentenceAndExitCodeOne) {
  const auto ran = run({"--timeout", "1"}, {{"KAFKA_BROKER", "127.0.0.1:1"}});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.errors, AllOf(StartsWith("chat-persister replay-dead: Kafka at 127.0.0.1:1 "),
                                EndsWith("correct KAFKA_BROKER or KAFKA_TOPIC\n")));
  EXPECT_EQ(ran.out, "");
}

TEST(ReplayCommand, HelpListsItsFlagsAndAWrongOneIsRefused) {
  const auto help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("chat-persister replay-dead"), HasSubstr("--reason"),
                              HasSubstr("--dry-run"), HasSubstr("--kafka-broker")));
  EXPECT_EQ(run({"--no-such-flag"}).exit_code, 2);
}

}  // namespace
}  // namespace chat::persister
