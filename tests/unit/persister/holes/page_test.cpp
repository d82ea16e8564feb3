#include "persister/holes/page.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/persister/holes/messages.hpp"

namespace chat::persister {
namespace {

using test::epoch;
using test::stream_entry;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t plenty = 10'000;

Cursor at(std::int64_t seq) {
  return {epoch, seq};
}

std::vector<StreamEntry> entries(const std::vector<std::int64_t>& seqs) {
  std::vector<StreamEntry> made;
  made.reserve(seqs.size());
  for (const std::int64_t seq : seqs) made.push_back(stream_entry(seq));
  return made;
}

TEST(PageTest, HoldsAllNumbersFromTheWatermarkToTheCandidate) {
  const Page page = make_page(at(4), at(9), entries({5, 6, 8}), false, plenty);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 5, 9}));
  EXPECT_EQ(page.entries.size(), 3U);
  EXPECT_EQ(page.last, at(9));
  EXPECT_TRUE(page.is_last);
}

TEST(PageTest, EndsAtItsLastEntryWhenThereAreMore) {
  const Page page = make_page(at(4), at(9), entries({5, 7}), true, plenty);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 5, 7}));
  EXPECT_EQ(page.last, at(7));
  EXPECT_FALSE(page.is_last);
}

TEST(PageTest, EndsWithTheCandidateWhenThatIsAnEntry) {
  const Page page = make_page(at(4), at(6), entries({5, 6}), false, plenty);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 5, 6}));
  EXPECT_TRUE(page.is_last);
}

TEST(PageTest, BeginsWithTheFirstNumberOfTheEpochWhereThereIsNoWatermark) {
  const Page page = make_page({}, at(7), entries({6, 7}), false, plenty);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 1, 7}));
}

TEST(PageTest, GoesOnWithTheNewEpochsFirstNumberAndClaimsNothingBehindTheOldOnesLast) {
  std::vector<StreamEntry> both = entries({5, 7});
  both.push_back(stream_entry(Cursor{epoch + 9, 3}));
  const Page page = make_page(at(4), {epoch + 9, 4}, std::move(both), false, plenty);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 5, 7}, NumberRange{epoch + 9, 1, 4}));
  EXPECT_TRUE(page.is_last);
}

TEST(PageTest, AStreamThatWasTrimmedToNothingLacksAllUpToTheCandidate) {
  const Page same = make_page(at(4), at(6), {}, false, plenty);
  EXPECT_THAT(same.numbers, ElementsAre(NumberRange{epoch, 5, 6}));
  const Page newer = make_page(at(4), {epoch + 9, 2}, {}, false, plenty);
  EXPECT_THAT(newer.numbers, ElementsAre(NumberRange{epoch + 9, 1, 2}));
}

TEST(PageTest, IsBoundedInNumbersThatTheStreamLacks) {
  Page page = make_page({}, at(3001), entries({2999, 3001}), false, 1000);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 1, 1000}));
  EXPECT_THAT(page.entries, IsEmpty());
  EXPECT_FALSE(page.is_last);
  page = make_page(page.last, at(3001), entries({2999, 3001}), false, 1000);
  page = make_page(page.last, at(3001), entries({2999, 3001}), false, 998);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 2001, 2999}));
  EXPECT_EQ(page.entries.size(), 1U);
  EXPECT_FALSE(page.is_last);
  page = make_page(page.last, at(3001), entries({3001}), false, 1000);
  EXPECT_THAT(page.numbers, ElementsAre(NumberRange{epoch, 3000, 3001}));
  EXPECT_TRUE(page.is_last);
}

class JudgeTest : public ::testing::Test {
 protected:
  /// `given`: the stream's entries from number 1 to the candidate.
  Verdict judge(std::vector<StreamEntry> given, std::int64_t candidate, const Found& found) {
    const Page page = make_page(at(0), at(candidate), std::move(given), false, plenty);
    return judge_page(page, records_of("general", page), found);
  }

  static std::vector<std::pair<std::int64_t, std::string>> voids_of(const Verdict& verdict) {
    std::vector<std::pair<std::int64_t, std::string>> voids;
    for (const VoidNumber& number : verdict.new_voids)
      voids.emplace_back(number.cursor.seq, std::string(number.reason));
    return voids;
  }
  static auto noted(std::int64_t seq, std::string_view reason) { return std::pair(seq, std::string(reason)); }

  const Uuid a = random_uuid();
  const Uuid b = random_uuid();
};

TEST_F(JudgeTest, WhatIsARowNeedsNothing) {
  const Verdict verdict = judge({stream_entry(1, a)}, 2, {{{at(1), a}, {at(2), b}}, {}, {}});
  EXPECT_THAT(verdict.stored, ElementsAre(at(1), at(2))) << "number 2 is no longer in the stream";
  EXPECT_THAT(verdict.missing, IsEmpty());
  EXPECT_THAT(verdict.new_voids, IsEmpty());
}

TEST_F(JudgeTest, I3AnEntryWithoutARowIsStoredAsItWasShown) {
  const Verdict verdict =
      judge({stream_entry(1, a), stream_entry(at(2), b, "lóst \"text\"")}, 2, {{{at(1), a}}, {}, {}});
  ASSERT_EQ(verdict.missing.size(), 1U);
  EXPECT_EQ(verdict.missing[0].id, b);
  EXPECT_EQ(verdict.missing[0].cursor, at(2));
  EXPECT_EQ(verdict.missing[0].text, "lóst \"text\"");
  EXPECT_EQ(verdict.missing[0].sender, "guest-1");
  EXPECT_EQ(verdict.missing[0].sender_name, "Guest");
  EXPECT_EQ(verdict.missing[0].sent_at, 1'764'000'000'123);
  EXPECT_THAT(verdict.stored, ElementsAre(at(1), at(2)));
}

TEST_F(JudgeTest, ANumberThatNobodyHasIsLostOnce) {
  const Verdict verdict = judge({stream_entry(1, a)}, 3, {{{at(1), a}}, {at(3)}, {}});
  EXPECT_THAT(voids_of(verdict), ElementsAre(noted(2, void_reason::lost)));
  EXPECT_THAT(verdict.voids, ElementsAre(at(2), at(3)));
}

TEST_F(JudgeTest, AnIdThatIsStoredUnderAnotherNumberIsStoredAndItsOwnNumberVoid) {
  const Verdict verdict = judge({stream_entry(1, a)}, 1, {{{{epoch - 5, 7}, a}}, {}, {}});
  EXPECT_THAT(verdict.missing, IsEmpty());
  EXPECT_THAT(verdict.stored, ElementsAre(at(1)));
  EXPECT_THAT(voids_of(verdict), ElementsAre(noted(1, void_reason::elsewhere)));
}

TEST_F(JudgeTest, OfTwoEntriesWithOneIdTheFirstIsStored) {
  const Verdict verdict = judge({stream_entry(1, a), stream_entry(2, a)}, 2, {});
  ASSERT_EQ(verdict.missing.size(), 1U);
  EXPECT_EQ(verdict.missing[0].cursor, at(1));
  EXPECT_THAT(voids_of(verdict), ElementsAre(noted(2, void_reason::elsewhere)));
  EXPECT_THAT(verdict.stored, ElementsAre(at(1), at(2)));
}

TEST_F(JudgeTest, TwoMessagesWithOneNumberAreBothStored) {
  const Verdict verdict = judge({stream_entry(1, a)}, 1, {{{at(1), b}}, {}, {}});
  ASSERT_EQ(verdict.missing.size(), 1U) << "the number's row is another message";
  EXPECT_EQ(verdict.missing[0].id, a);
}

TEST_F(JudgeTest, ADeadLetterIsNotStoredFromTheStream) {
  const Verdict verdict = judge({stream_entry(1, a)}, 1, {{}, {at(1)}, {}});
  EXPECT_THAT(verdict.missing, IsEmpty());
  EXPECT_THAT(verdict.new_voids, IsEmpty());
  EXPECT_THAT(verdict.voids, ElementsAre(at(1)));
}

TEST_F(JudgeTest, AnIdThatIsStoredWithAnotherTextIsNotClaimedToBeStored) {
  const Verdict verdict = judge({stream_entry(1, a)}, 1, {{{{epoch - 5, 7}, a}}, {}, {at(1)}});
  EXPECT_THAT(voids_of(verdict), ElementsAre(noted(1, void_reason::id_reused)));
  EXPECT_THAT(verdict.stored, IsEmpty());
}

TEST_F(JudgeTest, AnEntryThatIsNotThisRoomsMessageUnderItsNumberIsVoid) {
  const StreamEntry other_number{at(3), test::message_object("general", at(9), a)};
  const Verdict verdict = judge(
      {{at(1), "{\"type\":\"message\""}, stream_entry(at(2), b, "hello", "other-room"), other_number}, 3, {});
  EXPECT_THAT(verdict.missing, IsEmpty());
  EXPECT_THAT(voids_of(verdict),
              ElementsAre(noted(1, void_reason::unreadable), noted(2, void_reason::unreadable),
                          noted(3, void_reason::unreadable)));
}

TEST(PageTest, NumbersAtOrBelowTheFloorAreNeitherLostNorStoredAgain) {
  const Page page = make_page({}, at(5), entries({2, 4, 5}), false, plenty);
  Found found;
  found.floor = at(3);
  found.voids = {at(3)};
  const Verdict verdict = judge_page(page, records_of("general", page), found);
  EXPECT_THAT(verdict.stored, ElementsAre(at(1), at(2), at(3), at(4), at(5)));
  EXPECT_THAT(verdict.new_voids, IsEmpty());
  EXPECT_THAT(verdict.voids, IsEmpty());
  ASSERT_EQ(verdict.missing.size(), 2U) << "above the floor a message is still missing";
  EXPECT_EQ(verdict.missing[0].cursor, at(4));
}

}  // namespace
}  // namespace chat::persister
