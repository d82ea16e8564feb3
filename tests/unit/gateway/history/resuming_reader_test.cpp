#include "gateway/history/resuming_reader.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/gateway/history/pages.hpp"

namespace chat::gateway {
namespace {

using namespace testing;

/// Keeps every question until the test answers it.
class FakeHistory : public History {
 public:
  void read_after(ReadCause, std::string, Cursor, Cursor until, Post,
                  std::function<void(HistoryRows)> handler) override {
    wanted_until.push_back(until);
    reads.push_back(std::move(handler));
  }
  void read_before(ReadCause, std::string, Cursor, std::size_t, Post,
                   std::function<void(HistoryRows)> handler) override {
    reads.push_back(std::move(handler));
  }
  void find_stored(std::vector<MessageKey>, Post, std::function<void(std::vector<std::size_t>)>) override {}
  void wait_until_stored(std::string, Post, std::function<void(bool)> handler) override {
    waits.push_back(std::move(handler));
  }

  std::vector<Cursor> wanted_until;
  std::vector<std::function<void(HistoryRows)>> reads;
  std::vector<std::function<void(bool)>> waits;
};

struct ResumingReaderTest : ::testing::Test {
  FakeHistory history;
  ReadReply redis;
  std::vector<std::optional<Cursor>> asked;  // of Redis
  std::optional<ResumingReader> reader{std::in_place, ask_redis(), &history, Post{}};
  std::vector<ReadReply> replies;

  std::function<void(ReadRequest, ReadHandler)> ask_redis() {
    return [this](const ReadRequest& request, const ReadHandler& handler) {
      asked.push_back(request.since);
      handler(redis);
    };
  }
  static ReadReply restarted(Cursor newest, const std::string& run) {
    ReadReply reply = stream(newest, {});
    reply.same_run = false;
    reply.run = run;
    return reply;
  }
  /// From {1, 2}; PostgreSQL was waited for, and its second read is not answered yet.
  void resume_over_a_lost_redis() {
    redis = restarted({1, 2}, "second");
    resume({1, 2});
    history.reads[0](rows({}));
    history.waits.at(0)(true);
  }
  void resume(Cursor since) {
    reader->read({"r", since, 0}, [this](ReadReply reply) { replies.push_back(std::move(reply)); });
  }
};

TEST_F(ResumingReaderTest, ACompleteStreamAsksNobodyElse) {
  redis = stream({1, 3}, entries(1, 2, 3));
  redis.complete = true;
  resume({1, 1});
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(history.reads.empty());
}

TEST_F(ResumingReaderTest, ACursorBeyondTheNewestIsNeverLookedUp) {
  redis = stream({1, 3}, {});
  resume({5, 1});
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].available);
  EXPECT_FALSE(replies[0].complete);
  EXPECT_TRUE(history.reads.empty());
}

TEST_F(ResumingReaderTest, I3ATrimmedStreamIsCompletedFromPostgres) {
  redis = stream({1, 9}, entries(1, 5, 9));
  resume({1, 2});
  ASSERT_EQ(history.wanted_until, (std::vector<Cursor>{{1, 5}}));
  history.reads[0](rows(entries(1, 3, 4)));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].complete);
  EXPECT_EQ(replies[0].entries.size(), 7U);
  EXPECT_TRUE(history.waits.empty());
}

TEST_F(ResumingReaderTest, WhoComesBackAMomentLaterCostsNoFurtherRead) {
  redis = stream({1, 9}, entries(1, 5, 9));
  resume({1, 2});
  history.reads[0](rows(entries(1, 3, 4)));
  resume({1, 3});
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(numbers(replies[1].entries), "1/4 1/5 1/6 1/7 1/8 1/9");
  EXPECT_EQ(history.reads.size(), 1U);
  resume({1, 1});
  EXPECT_EQ(history.reads.size(), 2U) << "an older cursor needs its own";
}

TEST_F(ResumingReaderTest, WithPostgresAwayTheRoomIsUnavailable) {
  redis = stream({1, 9}, entries(1, 5, 9));
  resume({1, 2});
  history.reads[0]({});
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].available);
}

TEST_F(ResumingReaderTest, I6PagesThatWaitForPostgresAreBounded) {
  redis = stream({1, 9}, {});
  redis.entries = {{{1, 9}, std::string(std::size_t{1024} * 1024, 'x')}};
  while (replies.empty()) resume({1, 2});
  EXPECT_FALSE(replies[0].available);
  EXPECT_LE(history.reads.size(), ResumingReader::max_waiting_bytes >> 20);
  EXPECT_GT(history.reads.size(), (ResumingReader::max_waiting_bytes >> 20) / 2);
  reader->read({"r", std::nullopt, 5}, [this](ReadReply reply) { replies.push_back(std::move(reply)); });
  EXPECT_EQ(replies.at(1).entries.size(), 1U) << "the stream's last messages need no proof";
  history.reads[0](rows(entries(1, 3, 8)));
  history.reads[0] = nullptr;
  const auto waiting = history.reads.size();
  resume({1, 1});
  EXPECT_EQ(history.reads.size(), waiting + 1);
}

TEST_F(ResumingReaderTest, I3ALiveRepairGoesOnTryingWhileNothingIsProven) {
  reader.emplace(ask_redis(), &history, Post{}, ResumingReader::Unproven::stream);
  redis = stream({2, 2}, entries(2, 1, 2));
  resume({1, 2});
  history.reads[0](rows({}));
  history.waits[0](false);
  EXPECT_TRUE(replies.empty());
  redis = stream({2, 3}, entries(2, 1, 3));
  history.reads.at(1)({});
  history.waits.at(1)(true);
  history.reads.at(2)({});
  EXPECT_TRUE(replies.empty()) << "PostgreSQL went away again";
  history.reads.at(3)(rows(entries(1, 3, 3)));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].complete);
  EXPECT_EQ(numbers(replies[0].entries), "1/3 2/1 2/2 2/3");
}

TEST_F(ResumingReaderTest, WithPostgresAwayALiveRepairWaitsAndGoesOnWithTheStream) {
  reader.emplace(ask_redis(), &history, Post{}, ResumingReader::Unproven::stream,
                 std::chrono::milliseconds(0));
  redis = stream({1, 9}, entries(1, 5, 9));
  resume({1, 2});
  history.reads[0]({});
  ASSERT_EQ(history.waits.size(), 1U);
  history.waits[0](false);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].available);
  EXPECT_FALSE(replies[0].complete);
}

TEST_F(ResumingReaderTest, I3AnOlderEpochWaitsForThePersisterAndReadsAgain) {
  redis = stream({2, 2}, entries(2, 1, 2));
  resume({1, 2});
  history.reads[0](rows(entries(1, 3, 3)));
  ASSERT_EQ(history.waits.size(), 1U);
  EXPECT_TRUE(replies.empty());
  history.waits[0](true);
  ASSERT_EQ(history.reads.size(), 2U);
  history.reads[1](rows(entries(1, 3, 4)));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(numbers(replies[0].entries), "1/3 1/4 2/1 2/2");
  EXPECT_TRUE(replies[0].complete);
}

TEST_F(ResumingReaderTest, APersisterThatDoesNotComeAlongIsUnavailable) {
  redis = stream({2, 2}, entries(2, 1, 2));
  resume({1, 2});
  history.reads[0](rows({}));
  history.waits[0](false);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].available);
  resume({1, 2});
  history.reads[1](rows({}));
  EXPECT_EQ(history.waits.size(), 2U) << "a failed wait proves nothing for the next";
}

TEST_F(ResumingReaderTest, I3AHoleThatSomebodyStillFillsIsUnavailableAfterOneWait) {
  redis = stream({1, 9}, entries(1, 6, 9));
  auto holed = rows(entries(1, 3, 4));
  holed.knows_voids = true;
  resume({1, 2});
  history.reads[0](holed);
  history.waits.at(0)(true);
  history.reads.at(1)(holed);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].available);
  EXPECT_EQ(history.waits.size(), 1U);
}

TEST_F(ResumingReaderTest, OneWaitServesAllThatNeedItAndALaterOneToo) {
  redis = stream({2, 2}, entries(2, 1, 2));
  resume({1, 2});
  resume({1, 3});
  history.reads[0](rows(entries(1, 3, 4)));
  history.reads[1](rows(entries(1, 4, 4)));
  ASSERT_EQ(history.waits.size(), 1U);
  history.waits[0](true);
  history.reads[2](rows(entries(1, 3, 4)));
  history.reads[3](rows(entries(1, 4, 4)));
  EXPECT_EQ(replies.size(), 2U);
  resume({1, 4});
  history.reads[4](rows({}));
  EXPECT_EQ(replies.size(), 3U);
  EXPECT_EQ(history.waits.size(), 1U);
}

TEST_F(ResumingReaderTest, AWaitForAnEpochSaysNothingOfTheNext) {
  redis = stream({2, 2}, entries(2, 1, 2));
  resume({1, 2});
  history.reads[0](rows({}));
  history.waits[0](true);
  history.reads[1](rows({}));
  redis = stream({3, 1}, entries(3, 1, 1));
  resume({2, 2});
  history.reads[2](rows({}));
  EXPECT_EQ(history.waits.size(), 2U);
}

TEST_F(ResumingReaderTest, I3AWaitSaysNothingOfALaterEpochThatRedisLostWithAnOlderSnapshot) {
  redis = stream({2, 2}, entries(2, 1, 2));
  resume({1, 2});
  history.reads[0](rows({}));
  history.waits[0](true);
  history.reads[1](rows({}));
  redis = restarted({1, 2}, "second");
  resume({2, 5});
  history.reads[2](rows({}));
  EXPECT_EQ(history.waits.size(), 2U) << "what was shown after that wait may be on its way to PostgreSQL";
}

TEST_F(ResumingReaderTest, I3AnEpochThatRedisLostWithAnOlderSnapshotIsCompletedFromPostgres) {
  redis = restarted({1, 2}, "second");
  resume({1, 2});
  history.reads[0](rows({}));
  ASSERT_EQ(history.waits.size(), 1U);
  history.waits[0](true);
  history.reads[1](rows(entries(3, 1, 2)));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].complete);
  EXPECT_EQ(numbers(replies[0].entries), "3/1 3/2");
  EXPECT_EQ(replies[0].newest, (Cursor{3, 2}));
}

// A Redis that had just come back was read, and while the reader waited for PostgreSQL a new epoch began:
// some of its rows were stored already, and the holes between them are not for good.
TEST_F(ResumingReaderTest, I3AnEpochThatBeganDuringTheWaitIsReadFromRedis) {
  resume_over_a_lost_redis();
  redis = stream({4, 3}, entries(4, 1, 3));
  history.reads[1](rows(entries(3, 1, 2) + entries(4, 2, 2)));
  EXPECT_TRUE(replies.empty());
  ASSERT_EQ(history.reads.size(), 3U);
  EXPECT_EQ(history.wanted_until[2], (Cursor{4, 1}));
  history.reads[2](rows(entries(3, 1, 2)));
  ASSERT_EQ(history.waits.size(), 2U);
  history.waits[1](true);
  history.reads[3](rows(entries(3, 1, 2)));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(numbers(replies[0].entries), "3/1 3/2 4/1 4/2 4/3");
}

TEST_F(ResumingReaderTest, I3WhatWasProvenUnderARunThatEndedIsProvenAnew) {
  resume_over_a_lost_redis();
  redis = restarted({1, 2}, "third");
  history.reads[1](rows({}));
  EXPECT_TRUE(replies.empty());
  history.reads.at(2)(rows({}));
  EXPECT_EQ(history.waits.size(), 2U);
}

TEST_F(ResumingReaderTest, I3APageBackwardsIsReadAnewToo) {
  redis = restarted({1, 2}, "second");
  reader->read({"r", std::nullopt, 10, Cursor{4, 9}},
               [this](ReadReply reply) { replies.push_back(std::move(reply)); });
  history.reads[0](rows(entries(4, 2, 2)));
  ASSERT_EQ(history.waits.size(), 1U);
  history.waits[0](true);
  redis = stream({4, 3}, entries(4, 1, 3));
  history.reads[1](rows(entries(4, 2, 2)));
  ASSERT_EQ(history.reads.size(), 3U);
  history.reads[2](rows(entries(4, 2, 2)));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(numbers(replies[0].entries), "4/1 4/2 4/3");
}

TEST_F(ResumingReaderTest, ARedisThatIsAwayWhenAskedAgainIsUnavailable) {
  resume_over_a_lost_redis();
  redis = {};
  history.reads[1](rows({}));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].available);
}

TEST_F(ResumingReaderTest, AJoinsLastMessagesAreFilledUpWithoutWaiting) {
  redis = stream({1, 4}, entries(1, 3, 4));
  redis.complete = true;
  reader->read({"r", std::nullopt, 10}, [this](ReadReply reply) { replies.push_back(std::move(reply)); });
  history.reads.at(0)(rows(entries(1, 1, 2)));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(numbers(replies[0].entries), "1/1 1/2 1/3 1/4");
}

TEST_F(ResumingReaderTest, AWaitThatEndsAfterTheReaderIsDropped) {
  redis = stream({2, 2}, entries(2, 1, 2));
  resume({1, 2});
  history.reads[0](rows({}));
  reader.reset();
  history.waits.at(0)(true);
  EXPECT_TRUE(replies.empty());
}

TEST_F(ResumingReaderTest, AnAnswerMayEndTheReader) {
  redis = stream({2, 2}, entries(2, 1, 2));
  reader->read({"r", Cursor{1, 2}, 0}, [this](ReadReply reply) {
    reader.reset();
    replies.push_back(std::move(reply));
  });
  resume({1, 2});
  history.reads.at(0)(rows({}));
  history.reads.at(1)(rows({}));
  history.waits.at(0)(false);
  EXPECT_EQ(replies.size(), 1U);
}

TEST_F(ResumingReaderTest, AnAnswerAfterItsEndIsDropped) {
  redis = stream({1, 9}, entries(1, 5, 9));
  resume({1, 2});
  reader.reset();
  history.reads[0](rows(entries(1, 3, 4)));
  EXPECT_TRUE(replies.empty());
}

/// Numbers `first` to `last` of epoch 1, and what came before was deleted.
HistoryRows pruned_rows(Cursor floor, std::int64_t first, std::int64_t last) {
  auto found = rows(entries(1, first, last));
  found.floor = floor;
  found.knows_voids = true;
  return found;
}

TEST_F(ResumingReaderTest, I3ACursorBelowTheFloorGetsWhatFollowsItAndIsToldSo) {
  redis = stream({1, 9}, entries(1, 8, 9));
  resume({1, 2});
  history.reads.at(0)(pruned_rows({1, 5}, 6, 7));
  EXPECT_EQ(asked, (std::vector<std::optional<Cursor>>{Cursor{1, 2}, Cursor{1, 5}}));
  history.reads.at(1)(pruned_rows({1, 5}, 6, 7));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].available);
  EXPECT_FALSE(replies[0].complete);
  EXPECT_EQ(replies[0].pruned_to, (Cursor{1, 5}));
  EXPECT_EQ(numbers(replies[0].entries), "1/6 1/7 1/8 1/9");
  EXPECT_TRUE(history.waits.empty()) << "the floor needs no wait";
}

TEST_F(ResumingReaderTest, I3ACursorAtTheFloorIsComplete) {
  redis = stream({1, 9}, entries(1, 8, 9));
  resume({1, 5});
  history.reads.at(0)(pruned_rows({1, 5}, 6, 7));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].complete);
  EXPECT_FALSE(replies[0].pruned_to);
}

TEST_F(ResumingReaderTest, I3AFloorThatRisesBetweenTheReadsIsFollowed) {
  redis = stream({1, 9}, entries(1, 8, 9));
  resume({1, 2});
  history.reads.at(0)(pruned_rows({1, 5}, 6, 7));
  history.reads.at(1)(pruned_rows({1, 7}, 8, 7));
  redis.complete = true;  // from the floor on
  history.reads.size() > 2 ? history.reads.at(2)(pruned_rows({1, 7}, 8, 7)) : void();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].complete);
  EXPECT_EQ(replies[0].pruned_to, (Cursor{1, 7}));
  EXPECT_EQ(numbers(replies[0].entries), "1/8 1/9");
}

TEST_F(ResumingReaderTest, ARoomOfWhichNothingIsLeftGivesAnEmptyPageFromWhichTheClientGoesOn) {
  redis = stream({1, 5}, {});
  resume({1, 2});
  redis.complete = true;
  history.reads.at(0)(pruned_rows({1, 5}, 6, 5));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].entries.empty());
  EXPECT_FALSE(replies[0].complete);
  EXPECT_FALSE(replies[0].more);
  EXPECT_EQ(replies[0].newest, (Cursor{1, 5}));
}

TEST_F(ResumingReaderTest, I3WhatFollowsTheFloorMustBeProvenToo) {
  redis = stream({1, 9}, entries(1, 9, 9));
  resume({1, 2});
  history.reads.at(0)(pruned_rows({1, 5}, 6, 7));
  history.reads.at(1)(pruned_rows({1, 5}, 6, 7));
  EXPECT_TRUE(replies.empty()) << "number 8 is missing";
  history.waits.at(0)(false);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].available);
}

}  // namespace
}  // namespace chat::gateway
