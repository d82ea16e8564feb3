#include "gateway/engineio/post_intake.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace chat::gateway::engineio {
namespace {

struct PostIntakeTest : ::testing::Test {
  std::vector<std::pair<unsigned, std::string>> answers;
  PostIntake post;

  void accept(std::string_view body) {
    ASSERT_TRUE(post.begin());
    ASSERT_TRUE(post.awaits_body());
    post.accept(body,
                [this](EngineAnswer answer) { answers.emplace_back(answer.status, std::move(answer.body)); });
  }
  std::vector<std::string> take_all() {
    std::vector<std::string> packets;
    while (post.has_packet()) {
      packets.emplace_back(post.next_packet());
      post.advance_past(packets.back());
    }
    return packets;
  }
};

TEST_F(PostIntakeTest, TheBodyIsHandedOnPacketByPacket) {
  accept(
      "4one\x1e"
      "3\x1e"
      "4two");
  EXPECT_EQ(take_all(), (std::vector<std::string>{"4one", "3", "4two"}));
  EXPECT_TRUE(answers.empty());
  post.finish(ok_answer());
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_FALSE(post.is_handing_on());
}

TEST_F(PostIntakeTest, EmptyPacketsCount) {
  accept("");
  EXPECT_EQ(take_all(), std::vector<std::string>{""});
  post.finish(ok_answer());
  accept("\x1e");
  EXPECT_EQ(take_all(), (std::vector<std::string>{"", ""}));
}

TEST_F(PostIntakeTest, APacketThatIsNotTakenIsGivenAgain) {
  accept(
      "4one\x1e"
      "4two");
  EXPECT_EQ(post.next_packet(), "4one");
  EXPECT_EQ(post.next_packet(), "4one");
}

TEST_F(PostIntakeTest, OnePostAtATime) {
  ASSERT_TRUE(post.begin());
  EXPECT_FALSE(post.begin());
  post.abandon();
  accept("4one");
  EXPECT_FALSE(post.begin());
  post.abandon();
  EXPECT_TRUE(post.is_handing_on()) << "its body has come";
}

TEST_F(PostIntakeTest, AnEarlyAnswerIsTheOnlyOne) {
  accept("4one");
  post.answer_early();
  EXPECT_EQ(answers, (std::vector<std::pair<unsigned, std::string>>{{200, "ok"}}));
  EXPECT_TRUE(post.has_packet());
  post.finish(bad_request_answer());
  EXPECT_EQ(answers.size(), 1U);
}

TEST_F(PostIntakeTest, NothingIsAnsweredBeforeTheBody) {
  ASSERT_TRUE(post.begin());
  post.answer_early();
  EXPECT_TRUE(post.awaits_body());
  post.finish(bad_request_answer());
  EXPECT_FALSE(post.awaits_body());
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace chat::gateway::engineio
