#include "gateway/native/native_encoder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace chat::gateway::native {
namespace {

using nlohmann::json;

TEST(NativeEncoder, JoinedCarriesItsPageUnchanged) {
  auto page = std::make_shared<ReadReply>();
  page->available = true;
  page->newest = {1764000000000, 12};
  page->stored = {1764000000000, 10};
  page->entries = {{{1, 1}, R"({"type":"message","text":"a"})"},
                   {{1, 2}, R"({"type":"message","text":"b"})"}};
  page->more = true;
  const json frame = json::parse(encode(JoinedEvent{"quote\"d", "r", page}));
  EXPECT_EQ(frame["id"], "quote\"d");
  EXPECT_EQ(frame["epoch"], 1764000000000);
  EXPECT_EQ(frame["stored"]["seq"], 10);
  EXPECT_EQ(frame["messages"][1]["text"], "b");
  EXPECT_EQ(frame["complete"], false);
  EXPECT_EQ(frame["more"], true);
}

TEST(NativeEncoder, StoredSaysRoomAndNumber) {
  EXPECT_EQ(encode(StoredEvent{"r", {1764000000000, 12}}),
            R"({"type":"stored","room":"r","epoch":1764000000000,"seq":12})");
}

TEST(NativeEncoder, TypingSaysRoomAndUser) {
  EXPECT_EQ(json::parse(encode(TypingEvent{"r", "A\"nn"})),
            (json{{"type", "typing"}, {"room", "r"}, {"user", "A\"nn"}}));
}

TEST(NativeEncoder, PresenceSaysWhoCameAndWentAndWhetherItIsAll) {
  json expected{
      {"type", "presence"}, {"room", "r"}, {"members", 2}, {"joined", {"Ann"}}, {"left", {"Bob", "Cyd"}}};
  EXPECT_EQ(json::parse(encode(PresenceEvent{"r", 2, {"Ann"}, {"Bob", "Cyd"}, false})), expected);
  expected["full"] = true;
  EXPECT_EQ(json::parse(encode(PresenceEvent{"r", 2, {"Ann"}, {"Bob", "Cyd"}, true})), expected);
}

TEST(NativeEncoder, AnErrorHasAnIdOnlyWhereItsFrameHadOne) {
  EXPECT_FALSE(json::parse(encode(Rejection{std::nullopt, ErrorCode::bad_request, "no", {}})).contains("id"));
  const json frame = json::parse(encode(Rejection{"x\n", ErrorCode::too_many_rooms, "no", 5}));
  EXPECT_EQ(frame["id"], "x\n");
  EXPECT_EQ(frame["code"], "too_many_rooms");
  EXPECT_EQ(frame["retry_after_ms"], 5);
}

TEST(NativeEncoder, SmallFramesAreJson) {
  EXPECT_EQ(json::parse(encode(PongEvent{"p"}))["id"], "p");
  EXPECT_EQ(json::parse(encode(PongEvent{}))["type"], "pong");
  EXPECT_EQ(json::parse(encode(LeftEvent{std::nullopt, "r"}))["room"], "r");
  EXPECT_EQ(json::parse(encode(ReconnectEvent{7}))["after_ms"], 7);
  EXPECT_EQ(json::parse(encode(WelcomeEvent{std::nullopt, "s", "g", "u\""}))["user"], "u\"");
  EXPECT_EQ(json::parse(encode(AckEvent{"i", "r", {1, 2}, true}))["duplicate"], true);
}

TEST(NativeEncoder, TypingWithAnIdIsAnswered) {
  EXPECT_EQ(native::encode(TypingTakenEvent{"t", "r"}), R"({"type":"typing_taken","id":"t","room":"r"})");
}

TEST(NativeEncoder, AnAnswerSaysThatOlderMessagesWereDeletedOnlyWhereTheyWere) {
  ReadReply page;
  json frame = json::parse(encode(HistoryEvent{"h", "r", std::make_shared<const ReadReply>(page)}));
  EXPECT_FALSE(frame.contains("pruned"));
  EXPECT_FALSE(frame.contains("complete"));
  page.pruned_to = Cursor{1, 4};
  const auto pruned = std::make_shared<const ReadReply>(page);
  frame = json::parse(encode(HistoryEvent{"h", "r", pruned}));
  EXPECT_EQ(frame["pruned"], true);
  EXPECT_EQ(frame["complete"], false);
  EXPECT_EQ(frame["more"], false);
  frame = json::parse(encode(JoinedEvent{"j", "r", pruned}));
  EXPECT_EQ(frame["pruned"], true);
  EXPECT_EQ(frame["complete"], false);
}

}  // namespace
}  // namespace chat::gateway::native
