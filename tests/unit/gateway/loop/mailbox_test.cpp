#include "gateway/loop/mailbox.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace chat::gateway::loop {
namespace {

TEST(Mailbox, ALoopRunsTheCallsLaterAndInOrder) {
  boost::asio::io_context context{1};
  const Mailbox mailbox(context);
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) mailbox.post([&ran, i] { ran.push_back(i); });
  EXPECT_TRUE(ran.empty());
  context.run();
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
}

TEST(Mailbox, ASinkGetsEachCall) {
  std::vector<Mailbox::Call> calls;
  const Mailbox mailbox([&calls](Mailbox::Call call) { calls.push_back(std::move(call)); });
  int ran = 0;
  const Mailbox copy = mailbox;
  copy.post([&ran] { ++ran; });
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(ran, 0);
  calls[0]();
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace chat::gateway::loop
