#include "gateway/loop/flush_list.hpp"

#include <functional>
#include <memory>

#include <gtest/gtest.h>

namespace chat::gateway::loop {
namespace {

struct Item final : Flushable {
  void flush() override {
    ++flushed;
    if (then) then();
  }
  int flushed = 0;
  std::function<void()> then;
};

TEST(FlushList, FlushesEachOnceHoweverOftenItWasAdded) {
  FlushList list;
  Item a;
  Item b;
  list.add(a);
  list.add(b);
  list.add(a);
  list.flush_all();
  list.flush_all();
  EXPECT_EQ(a.flushed, 1);
  EXPECT_EQ(b.flushed, 1);
}

TEST(FlushList, LeavesWhatIsAddedMeanwhileForTheNextTurn) {
  FlushList list;
  Item item;
  item.then = [&] {
    if (item.flushed == 1) list.add(item);
  };
  list.add(item);
  list.flush_all();
  EXPECT_EQ(item.flushed, 1);
  EXPECT_FALSE(list.empty());
  list.flush_all();
  EXPECT_EQ(item.flushed, 2);
  EXPECT_TRUE(list.empty());
}

TEST(FlushList, ForgetsAnItemThatIsDestroyed) {
  FlushList list;
  Item first;
  auto second = std::make_unique<Item>();
  first.then = [&] { second.reset(); };
  list.add(first);
  list.add(*second);
  list.flush_all();
  EXPECT_EQ(first.flushed, 1);
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace chat::gateway::loop
