// The pipeline beside a PostgreSQL that comes back with less, and a topic that is another one.
#include "tests/unit/persister/pipeline/pipeline_fixture.hpp"

namespace chat::persister {
namespace {

using test::make_record;
using ::testing::Contains;
using ::testing::ElementsAre;

class PipelinePositionsTest : public test::PipelineFixture {
 protected:
  PipelinePositionsTest() {
    source_.on_read_from = [this](const ReadPosition& position) {
      std::erase_if(source_.records,
                    [&](const SourceRecord& record) { return record.partition == position.partition; });
      for (const SourceRecord& record : log_)
        if (record.partition == position.partition && record.offset >= position.offset)
          source_.records.push_back(record);
    };
    source_.kafka[0] = {0, 0, {}};
    source_.kafka[1] = {0, 0, {}};
  }

  /// A record in Kafka, and on its way.
  void append(std::int32_t partition, const std::string& text) {
    SourceLog& log = source_.kafka[partition];
    log_.push_back(make_record(partition, log.end++, text));
    source_.records.push_back(log_.back());
  }

  /// The topic is deleted and made again, empty.
  void make_topic_again() {
    log_.clear();
    source_.records.clear();
    source_.kafka[0] = {0, 0, {}};
    source_.kafka[1] = {0, 0, {}};
  }

  /// The same under the persister, whose next request finds its offset in the new topic: nothing fails.
  void make_topic_again_with(std::int32_t partition, const std::vector<std::string>& texts) {
    const std::int64_t next = source_.kafka[partition].end;
    make_topic_again();
    for (const auto& text : texts) append(partition, text);
    std::erase_if(source_.records, [&](const SourceRecord& record) { return record.offset < next; });
    audit_.has = [this](std::int32_t asked, const KnownRecord& record) { return has(asked, record); };
  }

  bool has(std::int32_t partition, const KnownRecord& known) const {
    return std::ranges::any_of(log_, [&](const SourceRecord& record) {
      return record.partition == partition && record.offset + 1 == known.next_offset &&
             hash_of(record) == known.record_hash;
    });
  }

  bool store_all(std::int32_t partition) {
    return turn_until([&] { return store_.position(partition) == source_.kafka[partition].end; });
  }

  double rewinds(StartCause cause) { return persister_metrics_.rewinds(cause).Value(); }

  std::vector<SourceRecord> log_;
};

TEST_F(PipelinePositionsTest, I1LostRowsAreReadAgainWithTheNextRecord) {
  for (const char* const text : {"a", "b", "c"}) append(0, text);
  ASSERT_TRUE(turn_until_committed(0, 3));
  const auto table = store_.table;
  const auto texts = store_.texts;
  append(0, "d");
  ASSERT_TRUE(turn_until_committed(0, 4));
  store_.table = table;
  store_.texts = texts;
  append(0, "e");
  ASSERT_TRUE(store_all(0));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(rewinds(StartCause::behind), 1);
  EXPECT_TRUE(store_.table.at(0).rooms_unchecked);
  EXPECT_THAT(receipts_.forgotten, Contains(0)) << "nothing is told of numbers that are not stored any more";
}

TEST_F(PipelinePositionsTest, I1LostRowsAreReadAgainThoughNoRecordComes) {
  append(0, "a");
  append(1, "b");
  ASSERT_TRUE(turn_until_committed(1, 1));
  store_.texts.clear();
  store_.table.clear();
  ASSERT_TRUE(turn_until([&] { return store_.stored_texts().size() == 2; }));
  EXPECT_EQ(rewinds(StartCause::emptied), 2);
}

TEST_F(PipelinePositionsTest, I1APartOfASplitBatchThatIsLostBeforeItsPositionIsReadAgain) {
  bool is_lost = false;
  const auto refuse = test::refuse_texts({"poison"});
  store_.fail = [&](std::span<const Row> rows) {
    // The position alone is left: another server answers now, which lacks what the parts committed.
    if (rows.empty() && !std::exchange(is_lost, true)) store_.texts.clear();
    return refuse(rows);
  };
  for (const char* const text : {"a", "b", "poison", "c"}) append(0, text);
  ASSERT_TRUE(store_all(0));
  ASSERT_TRUE(is_lost);
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(rewinds(StartCause::behind), 1);
  EXPECT_TRUE(store_.table.at(0).rooms_unchecked);
}

TEST_F(PipelinePositionsTest, I1ANewOwnerBeginsWherePostgresIsAndNotWhereTheOffsetsAre) {
  for (const char* const text : {"a", "b", "c"}) append(0, text);
  ASSERT_TRUE(turn_until_committed(0, 3));
  store_.texts.clear();
  store_.table.at(0) = {1, hash_of(log_.front()), 55, false};
  source_.kafka[0].commit = SourceLog::Commit{3, 0};
  begin_process();
  ASSERT_TRUE(store_all(0));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("b", "c"));
  EXPECT_TRUE(store_.table.at(0).rooms_unchecked);
}

TEST_F(PipelinePositionsTest, I1ATopicMadeAgainIsReadFromItsBeginning) {
  for (const char* const text : {"a", "b", "c"}) append(0, text);
  ASSERT_TRUE(turn_until_committed(0, 3));
  make_topic_again();
  // As many as there were: no end tells them apart.
  for (const char* const text : {"d", "e", "f"}) append(0, text);
  begin_process();
  ASSERT_TRUE(turn_until([&] { return store_.stored_texts().size() == 6; }));
  EXPECT_EQ(rewinds(StartCause::other_topic), 1);
}

TEST_F(PipelinePositionsTest, I1ATopicMadeAgainThatHasOutgrownThePositionIsReadFromItsBeginning) {
  for (const char* const text : {"a", "b", "c"}) append(0, text);
  ASSERT_TRUE(turn_until_committed(0, 3));
  make_topic_again_with(0, {"d", "e", "f", "g", "h"});
  ASSERT_TRUE(turn_until_committed(0, 5)) << "what is stored before the audit must not hide what was skipped";
  ASSERT_TRUE(turn_until([&] { return store_.stored_texts().size() == 8; }));
  ASSERT_TRUE(store_all(0));
  EXPECT_EQ(rewinds(StartCause::other_topic), 1);
  EXPECT_TRUE(store_.table.at(0).rooms_unchecked);
  EXPECT_EQ(persister_metrics_.audits_refuted.Value(), 1);
  const int audits = audit_.audits;
  ASSERT_TRUE(turn_until([&] { return audit_.audits >= audits + 3; }));
  EXPECT_EQ(rewinds(StartCause::other_topic), 1) << "the new topic is proven from then on";
}

TEST_F(PipelinePositionsTest, I1ANewOwnerNoticesItTooWhereTheFormerOneEndedBeforeItsAudit) {
  for (const char* const text : {"a", "b", "c"}) append(0, text);
  ASSERT_TRUE(turn_until_committed(0, 3));
  make_topic_again_with(0, {"d", "e", "f", "g", "h"});
  const auto has = std::exchange(audit_.has, [](auto, const auto&) { return std::optional<bool>{}; });
  ASSERT_TRUE(turn_until_committed(0, 5)) << "the last record that is known is one of the new topic now";
  audit_.has = has;
  begin_process();
  ASSERT_TRUE(turn_until([&] { return store_.stored_texts().size() == 8; }));
  EXPECT_EQ(rewinds(StartCause::other_topic), 1);
  EXPECT_TRUE(store_.table.at(0).rooms_unchecked);
}

TEST_F(PipelinePositionsTest, I1WhatIsInHandOfTheFormerTopicIsStoredBeforeTheNewOneIsRead) {
  append(0, "a");
  ASSERT_TRUE(turn_until_committed(0, 1));
  store_.fail = [](std::span<const Row>) { return std::optional(test::failure_of_away()); };
  append(0, "b");
  ASSERT_TRUE(turn_until([&] { return persister_metrics_.pauses.Value() == 1; }));
  make_topic_again_with(0, {"c", "d", "e"});
  store_.fail = nullptr;
  ASSERT_TRUE(turn_until([&] { return store_.stored_texts().size() == 5; }));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(PipelinePositionsTest, PartitionsAreAuditedEveryFewSecondsAndSoonAfterAnInterruption) {
  append(0, "a");
  ASSERT_TRUE(turn_until_committed(0, 1));
  const auto next_audit = [&] {
    const int before = audit_.audits;
    const auto begin = clock_.now();
    EXPECT_TRUE(turn_until([&] { return audit_.audits > before; }));
    return time_since(begin);
  };
  next_audit();
  EXPECT_THAT(next_audit().count(), ::testing::AllOf(::testing::Ge(4'900), ::testing::Le(5'300)));
  pipeline_->on_interruption();
  EXPECT_THAT(next_audit().count(), ::testing::AllOf(::testing::Ge(900), ::testing::Le(1'300)))
      << "at most once a second, however often Kafka fails";
}

TEST_F(PipelinePositionsTest, APartitionThatDoesNotAnswerAnAuditIsReadOnAndTheOthersAreJudged) {
  append(0, "a");
  append(1, "b");
  ASSERT_TRUE(turn_until([&] { return store_.stored_texts().size() == 2; }));
  audit_.has = [](std::int32_t partition, const KnownRecord&) {
    return partition == 0 ? std::optional<bool>{} : std::optional(true);
  };
  const double proven = persister_metrics_.audits_proven.Value();
  ASSERT_TRUE(turn_until([&] { return persister_metrics_.audits_proven.Value() == proven + 2; }));
  EXPECT_EQ(persister_metrics_.audits_unanswered.Value(), 2);
  append(0, "c");
  ASSERT_TRUE(store_all(0));
  EXPECT_EQ(rewinds(StartCause::other_topic), 0);
}

TEST_F(PipelinePositionsTest, I1APlaceThatIsLostIsLookedForAgain) {
  for (const char* const text : {"a", "b", "c"}) append(0, text);
  ASSERT_TRUE(turn_until_committed(0, 3));
  make_topic_again();
  append(0, "d");
  source_.records.clear();
  pipeline_->on_lost_position(0);
  ASSERT_TRUE(turn_until([&] { return store_.stored_texts().size() == 4; }));
  EXPECT_EQ(store_.position(0), 1);
}

TEST_F(PipelinePositionsTest, I1WhatKafkaNoLongerHasIsCountedAndStaysVisible) {
  for (const char* const text : {"a", "b", "c"}) append(0, text);
  ASSERT_TRUE(turn_until_committed(0, 3));
  store_.table.at(0).next_offset = 0;
  source_.kafka[0].start = 2;
  log_.erase(log_.begin(), log_.begin() + 2);
  ASSERT_TRUE(store_all(0));
  EXPECT_EQ(persister_metrics_.expired.Value(), 2);
  EXPECT_THAT(status_.readiness().degraded, ElementsAre("records_lost"));
}

TEST_F(PipelinePositionsTest, APartitionWithoutALeaderHoldsUpNoOther) {
  source_.silent.insert(1);
  append(0, "a");
  ASSERT_TRUE(store_all(0));
  append(1, "b");
  source_.silent.clear();
  ASSERT_TRUE(store_all(1));
}

TEST_F(PipelinePositionsTest, WhilePostgresIsAwayNothingIsStarted) {
  store_.is_away = true;
  append(0, "a");
  ASSERT_TRUE(turn_until([&] { return persister_metrics_.pauses.Value() == 2; }));
  EXPECT_TRUE(source_.read_positions.empty());
  EXPECT_FALSE(status_.database_ok);
  store_.is_away = false;
  ASSERT_TRUE(store_all(0));
  EXPECT_TRUE(status_.database_ok);
}

TEST_F(PipelinePositionsTest, AnIdleConnectionThatIsLostIsNoPause) {
  append(0, "a");
  ASSERT_TRUE(turn_until_committed(0, 1));
  store_.is_away = true;
  ASSERT_TRUE(turn_until([&] { return !status_.database_ok; }));
  store_.is_away = false;
  ASSERT_TRUE(turn_until([&] { return status_.database_ok.load(); }));
  EXPECT_EQ(persister_metrics_.pauses.Value(), 0);
}

}  // namespace
}  // namespace chat::persister
