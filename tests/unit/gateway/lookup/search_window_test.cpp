#include "gateway/lookup/search_window.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::lookup {
namespace {

SearchWindow window(kafka::LogBounds bounds, std::optional<std::int64_t> next,
                    std::optional<std::int64_t> hint, std::int64_t max) {
  return search_window(bounds, next, hint, max);
}

void expect(const SearchWindow& found, std::int64_t from, std::int64_t to, bool has_all_unstored) {
  EXPECT_EQ(found.from, from);
  EXPECT_EQ(found.to, to);
  EXPECT_EQ(found.has_all_unstored, has_all_unstored);
}

TEST(SearchWindow, HasWhatIsNotStoredAndTheNewestOfWhatIs) {
  expect(window({0, 1000}, 950, std::nullopt, 100), 900, 1000, true);
  expect(window({970, 1000}, 950, std::nullopt, 100), 970, 1000, true);
  expect(window({0, 1000}, 1000, std::nullopt, 100), 900, 1000, true);
}

TEST(SearchWindow, OfALargerLagBeginsWhereThePersisterIsOrTheMessageWasSent) {
  expect(window({0, 1000}, 500, std::nullopt, 100), 500, 600, false);
  expect(window({0, 1000}, 500, 700, 100), 700, 800, false);
  expect(window({0, 1000}, 500, 300, 100), 500, 600, false);
  expect(window({0, 1000}, 500, 5000, 100), 1000, 1000, false);
}

TEST(SearchWindow, WithoutAPositionProvesNothingUnlessItHasAll) {
  expect(window({0, 1000}, std::nullopt, std::nullopt, 100), 900, 1000, false);
  expect(window({0, 1000}, std::nullopt, 400, 100), 400, 500, false);
  expect(window({0, 50}, std::nullopt, 40, 100), 0, 50, true);
}

TEST(SearchWindow, APositionOutsideTheTopicIsMovedIntoIt) {
  expect(window({0, 10}, 5000, std::nullopt, 4), 6, 10, true);
  expect(window({0, 0}, std::nullopt, std::nullopt, 4), 0, 0, true);
}

}  // namespace
}  // namespace chat::gateway::lookup
