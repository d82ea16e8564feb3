#include "tests/unit/gateway/socketio/chat_socket_fixture.hpp"

namespace chat::gateway::socketio {
namespace {

using namespace testing;

TEST_F(ChatSocketTest, TypingComesOnlyWhereTheClientWatches) {
  begin();
  const Broadcast<TypingEvent> typing(TypingEvent{"general", "Bob"});
  chat->typing(Delivery(typing), false);
  EXPECT_TRUE(client.frames.empty());
  chat->typing(Delivery(typing), true);
  EXPECT_EQ(client.frames, std::vector<std::string>{R"(42["typing",{"room":"general","user":"Bob"}])"});
}

TEST_F(ChatSocketTest, AJoinWithPresenceWatches) {
  begin();
  emit("join", {{"room", "general"}, {"presence", true}}, 1);
  EXPECT_EQ(hub.watches, (std::vector<std::pair<std::string, bool>>{{"general", true}}));
}

TEST_F(ChatSocketTest, I6AClientThatDoesNotKeepUpGetsNoTypingAndNoPresence) {
  begin();
  client.free_bytes = min_free_bytes_for_notices - 1;
  const Broadcast<TypingEvent> typing(TypingEvent{"general", "Bob"});
  chat->typing(Delivery(typing), true);
  const Broadcast<PresenceEvent> presence(PresenceEvent{"r", 300, {}, {}, false});
  EXPECT_FALSE(chat->presence(Delivery(presence)));
  EXPECT_TRUE(client.frames.empty());
  client.free_bytes = min_free_bytes_for_notices;
  EXPECT_TRUE(chat->presence(Delivery(presence)));
}

TEST_F(ChatSocketTest, PresenceComesAsAnEventInWhichTheListsAreArrays) {
  begin();
  const Broadcast<PresenceEvent> all(PresenceEvent{"r", 1, {"Ann"}, {}, true});
  const Broadcast<PresenceEvent> change(PresenceEvent{"r", 300, {}, {}, false});
  chat->presence(Delivery(all));
  chat->presence(Delivery(change));
  EXPECT_EQ(client.frames,
            (std::vector<std::string>{
                R"(42["presence",{"full":true,"joined":["Ann"],"left":[],"members":1,"room":"r"}])",
                R"(42["presence",{"joined":[],"left":[],"members":300,"room":"r"}])"}));
}

TEST_F(ChatSocketTest, ItsTypingIsToldAndAnsweredAlsoWhereItIsDropped) {
  begin();
  emit("typing", json::object(), 1);
  EXPECT_EQ(only_ack(1), (json{{"room", "general"}}));
  emit("typing", {{"room", "general"}}, 2);
  EXPECT_EQ(only_ack(2), (json{{"room", "general"}}));
  EXPECT_EQ(hub.typing.size(), 1U);
  emit("typing", {{"room", "another"}}, 3);
  EXPECT_EQ(only_ack(3)["code"], "not_joined");
  emit("typing", {{"room", "general"}});
  EXPECT_TRUE(client.acks.empty());
}

}  // namespace
}  // namespace chat::gateway::socketio
