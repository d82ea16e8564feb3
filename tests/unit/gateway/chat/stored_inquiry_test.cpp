#include "gateway/chat/stored_inquiry.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/session_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::has;
using testing::SessionTest;

struct StoredInquiryTest : SessionTest {
  StoredInquiry inquiry{services};
  std::chrono::steady_clock::time_point start = clock.now();

  std::chrono::steady_clock::time_point after(int seconds) const {
    return start + std::chrono::seconds(seconds);
  }
  Uuid accept_and_ack(std::int64_t seq) {
    const Uuid id = send().uuid;
    answer({AcceptReply::Status::accepted, {5, seq}, ""});
    journal.entries.back().on_durable();
    outlet.take();
    return id;
  }
  void answer_question(std::vector<std::size_t> found) {
    auto handler = std::move(history.questions.back().handler);
    history.questions.pop_back();
    handler(std::move(found));
  }
};

TEST_F(StoredInquiryTest, AsksForWhatWaitsForFiveSecondsAndTellsTheSender) {
  inquiry.tick(start);
  join("r");
  const Uuid first = accept_and_ack(2);
  accept_and_ack(3);
  inquiry.tick(after(4));
  EXPECT_TRUE(history.questions.empty());
  inquiry.tick(after(60));
  ASSERT_EQ(history.questions.size(), 1U);
  const auto& asked = history.questions[0].request;
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].room, "r");
  EXPECT_EQ(asked[0].id, first);
  inquiry.tick(after(70));
  EXPECT_EQ(history.questions.size(), 1U) << "one question at a time";
  answer_question({0, 1});
  const auto frames = outlet.take();
  ASSERT_EQ(frames.size(), 1U) << "one receipt for both";
  EXPECT_TRUE(has(frames[0], R"("type":"stored","room":"r","epoch":5,"seq":3)"));
  inquiry.tick(after(80));
  EXPECT_TRUE(history.questions.empty()) << "nobody waits";
}

TEST_F(StoredInquiryTest, AsksAgainAfterFiveSecondsForWhatWasNotFound) {
  join("r");
  accept_and_ack(2);
  accept_and_ack(3);
  inquiry.tick(after(60));
  answer_question({0});
  EXPECT_EQ(outlet.take().size(), 1U);
  inquiry.tick(after(64));
  EXPECT_TRUE(history.questions.empty());
  inquiry.tick(after(65));
  ASSERT_EQ(history.questions.size(), 1U);
  EXPECT_EQ(history.questions[0].request.size(), 1U);
  answer_question({});
  EXPECT_TRUE(outlet.take().empty());
}

TEST_F(StoredInquiryTest, AfterAResubscriptionItAsksAtOnceForAll) {
  join("r");
  inquiry.tick(start);
  accept_and_ack(2);
  inquiry.on_resubscribed();
  inquiry.tick(clock.now());
  ASSERT_EQ(history.questions.size(), 1U);
  inquiry.on_resubscribed();
  inquiry.tick(clock.now());
  EXPECT_EQ(history.questions.size(), 1U);
  answer_question({});
  inquiry.tick(clock.now());
  EXPECT_EQ(history.questions.size(), 1U) << "a resubscription during the question needs another";
}

TEST_F(StoredInquiryTest, I6AQuestionIsBoundedAndTheSessionsComeInTurn) {
  std::vector<std::shared_ptr<Session>> senders;
  std::vector<std::unique_ptr<testing::FakeOutlet>> outlets;
  std::int64_t seq = 1;
  join("r");
  for (int i = 0; i < 6; ++i) {
    outlets.push_back(std::make_unique<testing::FakeOutlet>());
    senders.push_back(std::make_shared<Session>(services, *outlets.back()));
    senders.back()->handle(JoinCommand{"j", "r", Cursor{5, 1}, 0});
    store.reads.back().handler(testing::page_up_to({5, 1}));
    for (int sent = 0; sent < 300; ++sent) {
      const Uuid id = random_uuid();
      senders.back()->handle(SendCommand{id, to_string(id), "r", "text"});
      answer({AcceptReply::Status::accepted, {5, ++seq}, ""});
      journal.entries.back().on_durable();
    }
  }
  inquiry.tick(after(60));
  ASSERT_EQ(history.questions.size(), 1U);
  EXPECT_EQ(history.questions[0].request.size(), 1000U);
  const Uuid first = history.questions[0].request[0].id;
  answer_question({});
  inquiry.tick(after(61));
  ASSERT_EQ(history.questions.size(), 1U) << "the rest is not kept waiting";
  EXPECT_EQ(history.questions[0].request.size(), 1000U);
  EXPECT_NE(history.questions[0].request[0].id, first);
}

TEST_F(StoredInquiryTest, AnAnswerForASessionThatIsGoneIsDropped) {
  join("r");
  accept_and_ack(2);
  inquiry.tick(after(60));
  session.reset();
  answer_question({0});
  EXPECT_EQ(services.stored_waiting, 0U);
}

}  // namespace
}  // namespace chat::gateway
