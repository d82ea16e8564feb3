#include "persister/replay/replay.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "persister/source/kafka_dead_letter_queue.hpp"
#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::persister {
namespace {

using chat::test::MockCluster;
using chat::test::patience;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReplayTest : public ::testing::Test {
 protected:
  void add_letter(std::int64_t offset, const std::string& reason) {
    KafkaDeadLetterQueue letters(cluster_.settings(), "test", metrics_);
    const SourceRecord record{2, offset, "room", "value " + std::to_string(offset), 1'714'557'600'125, {}};
    ASSERT_TRUE(letters.publish({record, reason}, patience));
  }

  Result<ReplayCount> replay(const ReplayOptions& options = {}) {
    return replay_dead_letters(cluster_.settings(), options,
                               [this](const std::string& line) { told_.push_back(line); });
  }

  std::vector<std::string> values(const std::string& topic, std::size_t count) {
    std::vector<std::string> found;
    for (const auto& record : cluster_.read(topic, count)) found.push_back(record.value);
    return found;
  }

  MockCluster cluster_;
  Metrics metrics_;
  std::vector<std::string> told_;
};

TEST_F(ReplayTest, I1EachGoesBackWithKeyValueAndOriginAndASecondRunFindsNothing) {
  add_letter(7, "a reason");
  add_letter(8, "another");
  const auto first = replay();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->put_back, 2u);
  const auto second = replay();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->put_back, 0u);
  const auto records = cluster_.read("MESSAGES", 2);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, "room");
  EXPECT_EQ(records[0].value, "value 7");
  EXPECT_EQ(records[0].headers.at("origin"), "2/7/1714557600125");
  EXPECT_EQ(records[1].value, "value 8");
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ReplayTest, ALaterLetterIsTheNextRunsWork) {
  add_letter(7, "a reason");
  ASSERT_TRUE(replay());
  add_letter(8, "a reason");
  EXPECT_EQ(replay().value().put_back, 1u);
  EXPECT_THAT(values("MESSAGES", 2), ElementsAre("value 7", "value 8"));
}

TEST_F(ReplayTest, I1LettersOfAnotherReasonAreKeptForALaterRun) {
  add_letter(7, "the value is not JSON");
  add_letter(8, "PostgreSQL refuses the row: 23514");
  const auto count = replay({.reason = "23514"}).value();
  EXPECT_EQ(count.put_back, 1u);
  EXPECT_EQ(count.kept, 1u);
  EXPECT_THAT(values("MESSAGES", 1), ElementsAre("value 8"));
  EXPECT_EQ(replay({.reason = "23514"}).value().put_back, 0u) << "it went back already";
  EXPECT_EQ(replay().value().put_back, 1u);
  const auto records = cluster_.read("MESSAGES", 2);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].value, "value 7");
  EXPECT_EQ(records[1].headers.at("origin"), "2/7/1714557600125");
}

TEST_F(ReplayTest, ADryRunTellsOfEachAndChangesNothing) {
  add_letter(7, "a reason");
  add_letter(8, "another");
  EXPECT_EQ(replay({.reason = "a reason", .dry_run = true}).value().put_back, 1u);
  EXPECT_THAT(told_, ElementsAre("partition 2, offset 7: a reason"));
  EXPECT_THAT(values("MESSAGES", 0), IsEmpty());
  EXPECT_EQ(replay().value().put_back, 2u);
}

TEST_F(ReplayTest, ALetterWithoutItsValueIsKeptAndSaysWhereThatIs) {
  cluster_.fail_next(MockCluster::produce_request, MockCluster::msg_size_too_large, 3);
  add_letter(7, "a reason");
  add_letter(8, "a reason");
  const auto dry = replay({.reason = {}, .dry_run = true}).value();
  EXPECT_EQ(dry.put_back, 1u);
  EXPECT_EQ(dry.without_value, 1u);
  EXPECT_THAT(told_.at(0), HasSubstr("without its value, which is at MESSAGES/2/7, 7 bytes"));
  EXPECT_EQ(replay().value().put_back, 1u);
  EXPECT_THAT(values("MESSAGES", 1), ElementsAre("value 8"));
  EXPECT_EQ(replay().value().without_value, 1u) << "it stays among the dead letters";
}

TEST_F(ReplayTest, I7TheGroupStaysWhereARecordWasNotTaken) {
  add_letter(7, "a reason");
  cluster_.fail_next(MockCluster::produce_request, MockCluster::topic_authorization_failed);
  const auto failed = replay();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("run the replay again"));
  EXPECT_EQ(replay().value().put_back, 1u);
  EXPECT_THAT(values("MESSAGES", 1), ElementsAre("value 7"));
}

TEST_F(ReplayTest, AMissingTopicIsOneSentence) {
  auto settings = cluster_.settings();
  settings.topic = "NO_SUCH_TOPIC";
  const auto failed = replay_dead_letters(settings, {}, [](const std::string&) {});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("NO_SUCH_TOPIC"));
}

}  // namespace
}  // namespace chat::persister
