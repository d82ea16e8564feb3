#include "gateway/engineio/poll_queue.hpp"

#include <gtest/gtest.h>

#include "gateway/engineio/message_frame.hpp"

namespace chat::gateway::engineio {
namespace {

struct PollQueueTest : ::testing::Test {
  std::vector<std::string> answers;
  PollQueue queue{400};

  void poll() {
    queue.hold([this](EngineAnswer answer) { answers.push_back(std::move(answer.body)); });
  }
  bool push(std::string_view text, bool binary = false) {
    return queue.push(make_message_frame(text, binary));
  }
};

TEST_F(PollQueueTest, OnePollTakesAllFramesAsOnePayload) {
  push("one");
  push("\1", true);
  poll();
  queue.answer_with_frames();
  EXPECT_EQ(answers, std::vector<std::string>{"4one\x1e"
                                              "bAQ=="});
  EXPECT_TRUE(queue.is_empty());
  EXPECT_FALSE(queue.has_poll());
}

TEST_F(PollQueueTest, WithoutAPollTheFramesStay) {
  push("one");
  queue.answer_with_frames();
  queue.answer("6");
  EXPECT_FALSE(queue.is_empty());
  poll();
  queue.answer_with_frames();
  EXPECT_EQ(answers, std::vector<std::string>{"4one"});
}

TEST_F(PollQueueTest, AnAnswerOfOnePacketLeavesTheFrames) {
  push("one");
  poll();
  queue.answer("6");
  EXPECT_EQ(answers, std::vector<std::string>{"6"});
  EXPECT_FALSE(queue.is_empty());
}

TEST_F(PollQueueTest, NobodyHearsTheAnswerOfADroppedPoll) {
  poll();
  queue.drop_poll();
  queue.answer("1");
  EXPECT_TRUE(answers.empty());
}

TEST_F(PollQueueTest, I6FramesAreBoundedWithWhatEachWeighs) {
  EXPECT_EQ(queue.free_bytes(), 400U);
  EXPECT_TRUE(push(std::string(100, 'x')));
  EXPECT_EQ(queue.free_bytes(), 400U - 64U - 2U - 1U - 100U) << "64 a frame, its header, its type, its text";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(push(""));
  EXPECT_FALSE(push(std::string(20, 'x')));
  EXPECT_EQ(queue.free_bytes(), 0U);
}

TEST_F(PollQueueTest, FramesThatWereTakenOutMakeRoom) {
  push("one");
  push("two");
  EXPECT_EQ(queue.take_frames().size(), 2U);
  EXPECT_TRUE(queue.is_empty());
  EXPECT_EQ(queue.free_bytes(), 400U);
}

}  // namespace
}  // namespace chat::gateway::engineio
