#include "gateway/connection/close_codes.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::ws {
namespace {

const CloseCode* find(int code) {
  return find_close_code(static_cast<std::uint16_t>(code));
}

TEST(CloseCodes, SaysForEachCodeOfTheProtocolWhetherToReconnect) {
  for (const int code : {1001, 1011, 1012, 1013, 4000}) {
    ASSERT_NE(find(code), nullptr) << code;
    EXPECT_TRUE(find(code)->reconnect) << code;
  }
  for (const int code : {1000, 1002, 1003, 1007, 1008, 1009, 4001, 4002, 4003}) {
    ASSERT_NE(find(code), nullptr) << code;
    EXPECT_FALSE(find(code)->reconnect) << code;
  }
  EXPECT_EQ(find_close_code(1005), nullptr);
}

}  // namespace
}  // namespace chat::gateway::ws
