#include "gateway/socketio/message_event.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "gateway/bus/publication.hpp"

namespace chat::gateway::socketio {
namespace {

AcceptRequest request(std::string text, std::string sender = "Ann") {
  AcceptRequest made;
  made.id = *parse_uuid("0f8fad5b-d9cb-469f-a165-70867728950e");
  made.room = "general";
  made.sender = made.sender_name = std::move(sender);
  made.text = std::move(text);
  made.sent_at = 1700000000000;
  return made;
}

TEST(MessageEvent, IsTheMessageUnderTheNamesOfItsProtocol) {
  EXPECT_EQ(message_event(make_message(request("hello"), {5, 6})),
            R"(42["message",{"room":"general","epoch":5,"seq":6,"id":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
            R"("sender":"Ann","sender_name":"Ann","message":"hello","sent_at":1700000000000}])");
}

TEST(MessageEvent, WhatSendersWriteIsNoName) {
  for (const std::string_view nasty :
       {"\"text\":", "\\", "\\\"", ",\"text\":\"x\"", "}]", "\n\t\x01", "\U0001F600"}) {
    const auto argument =
        message_argument(make_message(request(std::string(nasty), std::string(nasty)), {5, 6}));
    ASSERT_TRUE(argument) << nasty;
    const auto object = nlohmann::json::parse(*argument);
    EXPECT_EQ(object["message"], nasty);
    EXPECT_EQ(object["sender"], nasty);
    EXPECT_EQ(object.size(), 8U);
  }
}

TEST(MessageEvent, AnythingElseIsRefused) {
  const std::string good = make_message(request("hello"), {5, 6});
  const std::size_t end = good.find("\"text\":");
  for (std::size_t size = 0; size < end; ++size) EXPECT_FALSE(message_event(good.substr(0, size))) << size;
  EXPECT_FALSE(message_event(R"({"type":"joined","text":"x"})"));
}

}  // namespace
}  // namespace chat::gateway::socketio
