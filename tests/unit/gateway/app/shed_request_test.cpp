#include "gateway/app/shed_request.hpp"

#include <numeric>
#include <string>

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using std::chrono::seconds;

TEST(ShedRequestTest, ReadsPercentAndSeconds) {
  const auto request = parse_shed_request("percent=25&seconds=40", seconds(10));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->percent, 25);
  EXPECT_EQ(request->span, seconds(40));
  EXPECT_EQ(parse_shed_request("percent=100", seconds(10))->span, seconds(10));
  EXPECT_EQ(parse_shed_request("seconds=0&percent=1", seconds(10))->span, seconds(0));
}

TEST(ShedRequestTest, SaysWhatIsWrong) {
  for (const char* query : {"", "percent=", "percent=0", "percent=101", "percent=-5", "percent=25%25",
                            "percent=2.5", "percent=9999999999999", "share=25"}) {
    const auto request = parse_shed_request(query, seconds(10));
    ASSERT_FALSE(request) << query;
    EXPECT_NE(request.error().message.find("percent must be"), std::string::npos) << query;
  }
  for (const char* query : {"percent=5&seconds=-1", "percent=5&seconds=x", "percent=5&seconds=3601"})
    EXPECT_NE(parse_shed_request(query, seconds(10)).error().message.find("seconds must be"),
              std::string::npos)
        << query;
}

TEST(ShedRequestTest, TheSharesAreTogetherThePercentageOfAll) {
  EXPECT_EQ(shares_of({1, 1, 1, 1}, 50), (std::vector<std::size_t>{1, 0, 1, 0}));
  EXPECT_EQ(shares_of({100, 300}, 25), (std::vector<std::size_t>{25, 75}));
  EXPECT_EQ(shares_of({3, 0, 7}, 100), (std::vector<std::size_t>{3, 0, 7}));
  EXPECT_EQ(shares_of({}, 50), std::vector<std::size_t>{});
  for (const int percent : {1, 7, 33, 50, 99}) {
    const std::vector<std::size_t> clients{13, 29, 1, 0, 57};
    const auto shares = shares_of(clients, percent);
    EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), std::size_t{0}),
              (100 * static_cast<std::size_t>(percent) + 50) / 100);
    for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_LE(shares[i], clients[i]);
  }
}

}  // namespace
}  // namespace chat::gateway
