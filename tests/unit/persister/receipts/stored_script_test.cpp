// The script stored.lua, through the receipts that run it.
#include "tests/unit/persister/receipts/receipts_fixture.hpp"

namespace chat::persister {
namespace {

class StoredScriptTest : public test::ReceiptsFixture {
 protected:
  static constexpr std::int64_t next_epoch = epoch + 60'000;
};

TEST_F(StoredScriptTest, MovesTheWatermarkOverWhatFollowsItAndPublishesTheRanges) {
  accept(1, 5);
  resolve({{epoch, 1, 3}});
  EXPECT_EQ(watermark(), entry_id(3));
  ASSERT_TRUE(until([&] { return heard_.size() == 1; }));
  EXPECT_EQ(
      heard_[0],
      R"({"type":"stored","room":"general","epoch":1764000000000,"seq":3,"ranges":[[1764000000000,1,3]]})");
  resolve({{epoch, 4, 5}});
  EXPECT_EQ(watermark(), entry_id(5));
  ASSERT_TRUE(until([&] { return heard_.size() == 2; }));
  EXPECT_EQ(parse_stored("general", heard_[1])->ranges, (std::vector<NumberRange>{{epoch, 4, 5}}));
}

TEST_F(StoredScriptTest, PublishesWhatStandsBehindAHoleAndMovesWhenTheHoleIsFilled) {
  accept(1, 6);
  resolve({{epoch, 1, 2}, {epoch, 5, 6}});
  EXPECT_EQ(watermark(), entry_id(2));
  ASSERT_TRUE(until([&] { return heard_.size() == 1; }));
  const auto told = parse_stored("general", heard_[0]);
  EXPECT_EQ(told->watermark, (Cursor{epoch, 2}));
  EXPECT_EQ(told->ranges, (std::vector<NumberRange>{{epoch, 1, 2}, {epoch, 5, 6}}));
  resolve({{epoch, 3, 4}});
  EXPECT_EQ(watermark(), entry_id(6)) << "what was told before counts";
}

TEST_F(StoredScriptTest, PassesVoidNumbersAndTellsNobodyOfThem) {
  accept(1, 3);
  resolve({{epoch, 1, 1}, {epoch, 3, 3}}, {{epoch, 2, 2}});
  EXPECT_EQ(watermark(), entry_id(3));
  resolve({}, {{epoch, 4, 4}});
  EXPECT_EQ(watermark(), entry_id(4));
  resolve({{epoch, 5, 5}});
  ASSERT_TRUE(until([&] { return heard_.size() == 2; }));
  EXPECT_EQ(parse_stored("general", heard_[0])->ranges,
            (std::vector<NumberRange>{{epoch, 1, 1}, {epoch, 3, 3}}));
}

TEST_F(StoredScriptTest, NeverSetsTheWatermarkBack) {
  accept(1, 9);
  redis({"SET", stored_key, entry_id(7)});
  resolve({{epoch, 2, 3}});
  EXPECT_EQ(watermark(), entry_id(7));
  resolve({{epoch - 1, 1, 99}});
  EXPECT_EQ(watermark(), entry_id(7)) << "a number of an older epoch, told by a persister that slept";
  ASSERT_TRUE(until([&] { return heard_.size() == 2; }));
  EXPECT_EQ(parse_stored("general", heard_[0])->watermark, (Cursor{epoch, 7}));
}

TEST_F(StoredScriptTest, BeginsOnlyWithAnEpochsFirstNumberAndWithNothingBeforeIt) {
  accept(1, 3);
  resolve({{epoch, 2, 3}});
  EXPECT_EQ(watermark(), "");
  ASSERT_TRUE(until([&] { return heard_.size() == 1; }));
  EXPECT_EQ(parse_stored("general", heard_[0])->watermark, (Cursor{}));
  accept(1, 2, next_epoch);
  resolve({{next_epoch, 1, 2}});
  EXPECT_EQ(watermark(), "") << "an older epoch's message still stands in the stream";
  resolve({{epoch, 1, 1}});
  EXPECT_EQ(watermark(), entry_id(2, next_epoch));
}

TEST_F(StoredScriptTest, PassesTheEndOfAnEpochOnceNothingOfItIsLeftInTheStream) {
  accept(1, 3);
  accept(1, 4, next_epoch);
  resolve({{epoch, 1, 2}, {next_epoch, 1, 3}});
  EXPECT_EQ(watermark(), entry_id(2)) << "3 of the old epoch is not stored";
  resolve({{next_epoch, 4, 4}});
  EXPECT_EQ(watermark(), entry_id(2));
  resolve({}, {{epoch, 3, 3}});
  EXPECT_EQ(watermark(), entry_id(4, next_epoch));
}

TEST_F(StoredScriptTest, DoesNotPassIntoAnEpochWhoseBeginningIsMissing) {
  accept(1, 1);
  accept(1, 3, next_epoch);
  resolve({{epoch, 1, 1}, {next_epoch, 2, 3}});
  EXPECT_EQ(watermark(), entry_id(1));
}

TEST_F(StoredScriptTest, PassesSeveralEpochsAtOnce) {
  accept(1, 2);
  accept(1, 1, next_epoch);
  accept(1, 2, next_epoch + 1);
  resolve({{epoch, 1, 2}, {next_epoch, 1, 1}, {next_epoch + 1, 1, 2}});
  EXPECT_EQ(watermark(), entry_id(2, next_epoch + 1));
}

TEST_F(StoredScriptTest, ARedisThatLostItsDataBeginsAnew) {
  accept(1, 5);
  resolve({{epoch, 1, 4}});
  redis({"FLUSHALL"});
  resolve({{epoch, 5, 5}});
  EXPECT_EQ(watermark(), "") << "what was before 5 cannot be told any more";
  accept(1, 1, next_epoch);
  resolve({{next_epoch, 1, 1}});
  EXPECT_EQ(watermark(), entry_id(1, next_epoch));
}

TEST_F(StoredScriptTest, KeepsTheWatermarkForSevenDays) {
  accept(1, 3);
  resolve({{epoch, 1, 1}});
  EXPECT_GT(std::stoll(redis({"TTL", stored_key})), 604'000);
  redis({"EXPIRE", stored_key, "100"});
  resolve({{epoch, 3, 3}});
  EXPECT_GT(std::stoll(redis({"TTL", stored_key})), 604'000) << "also where a hole holds it up";
}

TEST_F(StoredScriptTest, TakesTheLargestNumbers) {
  constexpr std::int64_t largest = max_json_integer;
  redis({"SET", stored_key, entry_id(largest - 1, largest)});
  resolve({{largest, largest, largest}});
  EXPECT_EQ(watermark(), entry_id(largest, largest));
}

class TrimTest : public StoredScriptTest {
 protected:
  void SetUp() override {
    StoredScriptTest::SetUp();
    make_receipts({.stream_keep = 20});
    // Redis cuts whole nodes; the numbers below are multiples of this.
    redis({"CONFIG", "SET", "stream-node-max-entries", "5"});
  }
};

TEST_F(TrimTest, CutsWhatIsStoredButKeepsTheNewest) {
  accept(1, 100);
  resolve({{epoch, 1, 90}});
  EXPECT_EQ(first_entry(), entry_id(81)) << "20 of 100 are kept";
  EXPECT_EQ(redis({"XLEN", log}), "20");
}

TEST_F(TrimTest, NeverCutsAboveTheWatermark) {
  accept(1, 100);
  resolve({{epoch, 1, 30}, {epoch, 32, 100}});
  EXPECT_EQ(first_entry(), entry_id(31));
}

TEST_F(TrimTest, CutsNothingWhileTheWatermarkStandsInAnOlderEpoch) {
  accept(1, 50);
  accept(1, 100, next_epoch);
  resolve({{epoch, 1, 49}, {next_epoch, 1, 100}});
  EXPECT_EQ(redis({"XLEN", log}), "150");
  resolve({{epoch, 50, 50}});
  EXPECT_EQ(first_entry(), entry_id(81, next_epoch)) << "the older epoch goes with the first cut";
}

TEST_F(TrimTest, CutsNothingOfAShortStream) {
  accept(1, 20);
  resolve({{epoch, 1, 20}});
  EXPECT_EQ(redis({"XLEN", log}), "20");
}

TEST_F(TrimTest, CutsNothingWhereTheRoomsNumbersAreLost) {
  accept(1, 50);
  redis({"DEL", meta});
  resolve({{epoch, 1, 50}});
  EXPECT_EQ(redis({"XLEN", log}), "50");
}

TEST_F(TrimTest, FreesMemoryAndMovesTheWatermarkAlsoWhereRedisHasNoMemoryLeft) {
  accept(1, 100);
  redis({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(redis({"SET", "more", "data"}).substr(0, 3), "OOM");
  resolve({{epoch, 1, 100}});
  EXPECT_EQ(first_entry(), entry_id(81));
  EXPECT_EQ(watermark(), entry_id(100));
}

}  // namespace
}  // namespace chat::persister
