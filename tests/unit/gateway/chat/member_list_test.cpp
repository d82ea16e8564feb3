#include "gateway/chat/member_list.hpp"

#include <set>

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

struct Member {
  std::optional<std::size_t> place;
};
using List = MemberList<Member, &Member::place>;

std::set<const Member*> all_of(const List& list) {
  std::set<const Member*> found;
  list.for_each([&](const Member& member) { EXPECT_TRUE(found.insert(&member).second); });
  EXPECT_EQ(found.size(), list.size());
  return found;
}

TEST(MemberList, AMemberIsThereOnceAndUntilItEnds) {
  List list;
  Member one, two, three;
  EXPECT_TRUE(list.add(one));
  EXPECT_FALSE(list.add(one));
  list.add(two);
  list.add(three);
  EXPECT_EQ(all_of(list), (std::set<const Member*>{&one, &two, &three}));
  EXPECT_TRUE(list.remove(one));
  EXPECT_FALSE(list.remove(one));
  EXPECT_EQ(all_of(list), (std::set<const Member*>{&two, &three}));
  EXPECT_TRUE(list.remove(three));
  EXPECT_TRUE(list.add(one));
  EXPECT_TRUE(list.remove(two));
  EXPECT_EQ(all_of(list), std::set<const Member*>{&one});
  EXPECT_TRUE(list.remove(one));
  EXPECT_TRUE(list.empty());
}

TEST(MemberList, WhoEndsWithinItsCallLeavesTheOthersTheirs) {
  List list;
  Member members[5];
  for (Member& member : members) list.add(member);
  std::set<const Member*> called;
  list.for_each([&](Member& member) {
    EXPECT_TRUE(called.insert(&member).second);
    if (&member != &members[2]) list.remove(member);
  });
  EXPECT_EQ(called.size(), 5U);
  EXPECT_EQ(all_of(list), std::set<const Member*>{&members[2]});
}

}  // namespace
}  // namespace chat::gateway
