#include "persister/replay/letter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

kafka::ConsumedRecord letter(kafka::Headers headers) {
  kafka::ConsumedRecord record;
  record.timestamp = 77;
  record.headers = std::move(headers);
  return record;
}

TEST(Letter, GoesBackWithItsOrigin) {
  const auto record =
      letter({{"reason", "why"}, {"partition", "5"}, {"offset", "6"}, {"origin", "3/42/1714557600125"}});
  EXPECT_THAT(headers_for_messages(record), ElementsAre(Pair("origin", "3/42/1714557600125")));
  EXPECT_EQ(reason_of(record), "why");
  EXPECT_EQ(describe(record), "partition 5, offset 6: why");
}

TEST(Letter, OneWrittenWithoutAnOriginGetsItFromPlaceAndTime) {
  EXPECT_THAT(headers_for_messages(letter({{"partition", "5"}, {"offset", "6"}})),
              ElementsAre(Pair("origin", "5/6/77")));
}

TEST(Letter, OneOfAnotherHandGoesBackWithoutHeaders) {
  EXPECT_THAT(headers_for_messages(letter({{"partition", "x"}, {"offset", "6"}})), IsEmpty());
  EXPECT_THAT(headers_for_messages(letter({})), IsEmpty());
  EXPECT_EQ(describe(letter({})), "partition unknown, offset unknown: unknown");
}

}  // namespace
}  // namespace chat::persister
