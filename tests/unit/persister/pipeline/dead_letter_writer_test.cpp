#include "persister/pipeline/dead_letter_writer.hpp"

#include <gtest/gtest.h>

#include "tests/unit/persister/pipeline/pipeline_fixture.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

class DeadLetterWriterTest : public test::PipelineFixture {
 protected:
  DeadLetterWriter writer_{
      dead_letters_, dead_letter_alarm_, milliseconds{1'000}, persister_metrics_, status_, clock_};
  DeadLetter letter_{test::make_record(1, 7, "x"), "it cannot be read", DeadLetterCause::undecodable};
};

TEST_F(DeadLetterWriterTest, says_how_long_to_wait_until_it_is_written) {
  dead_letters_.refusals = 2;
  const auto first = writer_.write(letter_);
  ASSERT_TRUE(first);
  EXPECT_GE(*first, milliseconds{500});
  EXPECT_FALSE(status_.dead_letters_ok);
  EXPECT_TRUE(writer_.write(letter_));
  EXPECT_FALSE(writer_.write(letter_));
  EXPECT_TRUE(status_.dead_letters_ok);
  EXPECT_EQ(dead_letters_.letters.size(), 1u);
  EXPECT_EQ(persister_metrics_.dead_letters(DeadLetterCause::undecodable).Value(), 1);
}

TEST_F(DeadLetterWriterTest, shows_a_letter_for_a_time) {
  writer_.write(letter_);
  EXPECT_TRUE(dependencies_.trouble("dead_letters"));
  writer_.end_alarm_where_due();
  EXPECT_TRUE(dependencies_.trouble("dead_letters"));
  clock_.sleep(milliseconds{1'000});
  writer_.end_alarm_where_due();
  EXPECT_FALSE(dependencies_.trouble("dead_letters"));
}

}  // namespace
}  // namespace chat::persister
