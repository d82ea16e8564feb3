#include "persister/source/kafka_position_audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::persister {
namespace {

using chat::test::eventually;
using chat::test::MockCluster;
using std::chrono::milliseconds;

class KafkaPositionAuditTest : public testing::Test {
 protected:
  KafkaPositionAuditTest() {
    for (const char* const value : {"a", "b", "c"}) cluster_.produce("MESSAGES", 0, "room", value);
    const auto topic = kafka::EndOffsets::make(cluster_.settings(), "test").value();
    last_ = topic->hash_at(0, 2, milliseconds{10'000}).value_or(unknown_record);
  }

  PositionAudit::Answers audit(PositionAudit::Records records) {
    audit_.begin(std::move(records));
    std::optional<PositionAudit::Answers> answers;
    EXPECT_TRUE(eventually([&] {
      answers = audit_.take();
      return answers.has_value();
    }));
    return answers.value_or(PositionAudit::Answers{});
  }

  MockCluster cluster_;
  std::int64_t last_ = unknown_record;
  KafkaPositionAudit audit_{cluster_.settings(), "test"};
};

TEST_F(KafkaPositionAuditTest, says_of_each_record_whether_the_topic_has_it) {
  EXPECT_THAT(audit({{0, {3, last_}}, {1, {}}, {2, {1, last_}}}),
              testing::ElementsAre(std::pair(0, true), std::pair(1, true), std::pair(2, false)));
  EXPECT_THAT(audit({{0, {2, last_}}}), testing::ElementsAre(std::pair(0, false)))
      << "another record is there";
  EXPECT_THAT(audit({}), testing::IsEmpty());
}

TEST_F(KafkaPositionAuditTest, without_a_broker_nothing_is_said_and_it_goes_on_when_it_is_back) {
  ASSERT_THAT(audit({{0, {3, last_}}}), testing::ElementsAre(std::pair(0, true)));
  cluster_.down();
  EXPECT_THAT(audit({{0, {3, last_}}, {1, {}}}), testing::IsEmpty());
  cluster_.up();
  EXPECT_TRUE(eventually([&] { return audit({{0, {3, last_}}, {1, {}}}).size() == 2; }));
}

TEST_F(KafkaPositionAuditTest, a_partition_without_a_leader_holds_up_no_other) {
  cluster_.set_leader("MESSAGES", 0, -1);
  EXPECT_TRUE(eventually([&] {
    return audit({{0, {3, last_}}, {1, {}}, {2, {}}, {3, {}}}) ==
           PositionAudit::Answers{{1, true}, {2, true}, {3, true}};
  }));
  cluster_.set_leader("MESSAGES", 0, 1);
  EXPECT_TRUE(eventually([&] { return audit({{0, {3, last_}}}).size() == 1; }));
}

}  // namespace
}  // namespace chat::persister
