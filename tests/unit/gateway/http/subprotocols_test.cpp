#include "gateway/http/subprotocols.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::http {
namespace {

TEST(Subprotocols, TheSpokenOneIsChosenElseTheFirst) {
  EXPECT_EQ(choose_subprotocol("chat.v1, secret", "chat.v1"), "chat.v1");
  EXPECT_EQ(choose_subprotocol("a, secret, chat.v1", "chat.v1"), "chat.v1");
  EXPECT_EQ(choose_subprotocol("a,b", "chat.v1"), "a");
  EXPECT_EQ(choose_subprotocol("CHAT.V1", "chat.v1"), "CHAT.V1");
  EXPECT_EQ(choose_subprotocol("b, chat.v1", ""), "b");
}

TEST(Subprotocols, NothingIsChosenWhereNothingIsOffered) {
  EXPECT_EQ(choose_subprotocol("", "chat.v1"), "");
  EXPECT_EQ(choose_subprotocol(" , ,", "chat.v1"), "");
}

TEST(Subprotocols, ABrokenListIsRefused) {
  for (const std::string_view bad : {"a/b", "a, b c", "a, a", "b, a, b", "a=", "\"a\"", "a, \x80"})
    EXPECT_FALSE(choose_subprotocol(bad, "chat.v1")) << bad;
}

}  // namespace
}  // namespace chat::gateway::http
