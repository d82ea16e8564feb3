// What the store notes in void_numbers.
#include "tests/unit/persister/store/store_fixture.hpp"

namespace chat::persister {
namespace {

using test::make_message;
using test::make_row;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class VoidNumbersTest : public test::StoreFixture {
 protected:
  std::vector<std::string> voids() {
    return column(
        "SELECT room || ' ' || epoch || '-' || seq || ' ' || reason FROM void_numbers "
        "ORDER BY room, epoch, seq");
  }

  static Row row_of(MessageRecord message, Cursor cursor, std::int64_t offset) {
    message.cursor = cursor;
    return make_row(message, 0, offset);
  }
};

TEST_F(VoidNumbersTest, NoneForWhatIsNewAndForWhatCameBeforeUnderItsNumber) {
  const std::vector<Row> rows = {row_of(make_message(), {5, 1}, 1), row_of(make_message(), {5, 2}, 2)};
  ASSERT_FALSE(store(rows).failure);
  const auto again = store(rows);
  EXPECT_EQ(again.duplicates, 2u);
  EXPECT_THAT(again.elsewhere, IsEmpty());
  EXPECT_THAT(voids(), IsEmpty());
}

TEST_F(VoidNumbersTest, HaveTheSecondNumberOfAMessageThatIsStored) {
  const auto message = make_message("hello", "room-1");
  ASSERT_FALSE(store({row_of(message, {5, 1}, 1)}).failure);
  const auto outcome = store({row_of(make_message(), {6, 1}, 2), row_of(message, {6, 2}, 3)});
  ASSERT_FALSE(outcome.failure) << outcome.failure->message;
  EXPECT_EQ(outcome.inserted, 1u);
  EXPECT_EQ(outcome.duplicates, 1u);
  EXPECT_THAT(outcome.elsewhere, ElementsAre(1u));
  EXPECT_THAT(outcome.reused, IsEmpty());
  EXPECT_THAT(voids(), ElementsAre("room-1 6-2 stored under another number"));
  EXPECT_FALSE(store({row_of(message, {6, 2}, 3)}).failure) << "and once, however often it comes";
  EXPECT_EQ(voids().size(), 1u);
}

TEST_F(VoidNumbersTest, HaveTheSecondNumberAlsoWhereBothComeInOneBatch) {
  const auto message = make_message();
  const auto outcome = store({row_of(message, {5, 1}, 1), row_of(message, {5, 2}, 2)});
  EXPECT_EQ(outcome.inserted, 1u);
  EXPECT_THAT(outcome.elsewhere, ElementsAre(1u));
  EXPECT_THAT(voids(), ElementsAre("general 5-2 stored under another number"));
}

TEST_F(VoidNumbersTest, HaveTheNumberOfAReusedId) {
  const auto first = make_message("first");
  auto second = first;
  second.text = "second";
  const auto outcome = store({row_of(first, {5, 1}, 1), row_of(second, {5, 2}, 2)});
  EXPECT_THAT(outcome.reused, ElementsAre(1u));
  EXPECT_THAT(outcome.elsewhere, IsEmpty());
  EXPECT_THAT(voids(), ElementsAre("general 5-2 dead letter"));
}

TEST_F(VoidNumbersTest, HaveNoNumberThatARowHas) {
  const auto first = make_message("first");
  auto second = first;
  second.text = "second";
  ASSERT_FALSE(store({row_of(first, {5, 1}, 1), row_of(second, {5, 1}, 2)}).failure);
  EXPECT_THAT(voids(), IsEmpty()) << "a number may come twice, and its first message is there";
}

TEST_F(VoidNumbersTest, HaveTheNumbersOfDeadLettersTogetherWithThePositions) {
  ASSERT_FALSE(store({}, {{0, 7}}, {{0, "general", {5, 6}}, {0, "general", {5, 3}}}).failure);
  EXPECT_THAT(voids(), ElementsAre("general 5-3 dead letter", "general 5-6 dead letter"));
  run("ALTER TABLE positions ADD CHECK (next_offset < 100)");
  ASSERT_TRUE(store({}, {{0, 100}}, {{0, "general", {5, 9}}}).failure);
  EXPECT_EQ(voids().size(), 2u) << "or not at all";
}

TEST_F(VoidNumbersTest, KeepTheReasonThatWasNotedFirst) {
  run("INSERT INTO void_numbers (room, epoch, seq, reason) VALUES ('general', 5, 3, 'lost')");
  ASSERT_FALSE(store({}, {{0, 7}}, {{0, "general", {5, 3}}}).failure);
  EXPECT_THAT(voids(), ElementsAre("general 5-3 lost"));
}

}  // namespace
}  // namespace chat::persister
