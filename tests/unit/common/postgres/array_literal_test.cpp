#include <gtest/gtest.h>

#include "common/postgres/transaction.hpp"

namespace chat::postgres {
namespace {

TEST(ArrayLiteral, QuotesEachValue) {
  ArrayLiteral literal;
  literal.add("a");
  literal.add("");
  literal.add(R"(say "hi" \ {1,2} NULL)");
  EXPECT_EQ(literal.take(), R"({"a","","say \"hi\" \\ {1,2} NULL"})");
}

TEST(ArrayLiteral, IsEmptyAfterItWasTaken) {
  ArrayLiteral literal;
  literal.add("a");
  literal.take();
  EXPECT_EQ(literal.take(), "{}");
}

}  // namespace
}  // namespace chat::postgres
