#include "gateway/socketio/chat_socket.hpp"

#include "tests/unit/gateway/engineio/fake_socket.hpp"
#include "tests/unit/gateway/socketio/chat_socket_fixture.hpp"

namespace chat::gateway::socketio {
namespace {

using namespace testing;

TEST_F(ChatSocketTest, AClientIsInGeneralAtOnceAndGetsItsMessages) {
  begin();
  Room* const general = rooms.find("general");
  ASSERT_NE(general, nullptr);
  const std::string native = make_message(request("hello"), {5, 2});
  general->publish({{5, 2}, ws::make_frame(ws::Opcode::text, native), std::make_shared<ws::LazyFrame>()});
  ASSERT_EQ(client.frames.size(), 1U);
  const auto event = json::parse(client.frames[0].substr(2));
  EXPECT_EQ(client.frames[0].substr(0, 2), "42");
  EXPECT_EQ(event[0], "message");
  EXPECT_EQ(event[1]["message"], "hello");
  EXPECT_EQ(event[1]["seq"], 2);
}

TEST_F(ChatSocketTest, OnAWebSocketMessagesTakeTheShortWay) {
  begin();
  engineio::testing::FakeSocket socket;
  client.direct = &socket;
  chat->on_upgraded();
  const std::string native = make_message(request("hello"), {5, 2});
  rooms.find("general")->publish(
      {{5, 2}, ws::make_frame(ws::Opcode::text, native), std::make_shared<ws::LazyFrame>()});
  EXPECT_TRUE(client.frames.empty());
  ASSERT_EQ(socket.sent.size(), 1U);
  EXPECT_EQ(json::parse(socket.sent[0].substr(2))[1]["message"], "hello");
}

TEST_F(ChatSocketTest, I5AllClientsOfAWorkerShareOneFrame) {
  begin();
  FakeClient other_client;
  ChatSocket other(services, json::object());
  other.on_open(other_client);
  confirm("general", page_up_to({5, 1}));
  const auto second = std::make_shared<ws::LazyFrame>();
  const RoomMessage message{
      {5, 2}, ws::make_frame(ws::Opcode::text, make_message(request("x"), {5, 2})), second};
  rooms.find("general")->publish(message);
  EXPECT_EQ(client.frames, other_client.frames);
  EXPECT_EQ(second.use_count(), 2) << "the ring keeps the native frame only";
  EXPECT_EQ(message.socketio_handles.made(1)->bytes.use_count(), 2);
}

TEST_F(ChatSocketTest, I7ASendIsAcknowledgedWithTheDeliveryReport) {
  begin();
  emit("event:message", {{"message", "hello"}, {"id", uuid}}, 12);
  ASSERT_EQ(store.accepts.size(), 1U);
  EXPECT_EQ(store.accepts[0].request.text, "hello");
  EXPECT_EQ(store.accepts[0].request.room, "general");
  EXPECT_TRUE(client.acks.empty());
  store_message({5, 2});
  EXPECT_EQ(only_ack(12),
            (json{{"id", uuid}, {"room", "general"}, {"epoch", 5}, {"seq", 2}, {"duplicate", false}}));
}

TEST_F(ChatSocketTest, WithoutAnIdTheGatewayMakesOne) {
  begin();
  emit("event:message", {{"message", "one"}}, 1);
  emit("event:message", {{"message", "two"}});
  ASSERT_EQ(store.accepts.size(), 2U);
  EXPECT_NE(to_string(store.accepts[0].request.id), to_string(store.accepts[1].request.id));
  store.accepts[0].handler({AcceptReply::Status::accepted, {5, 2}, ""});
  journal.entries.back().on_durable();
  EXPECT_EQ(only_ack(1)["id"], to_string(store.accepts[0].request.id));
}

TEST_F(ChatSocketTest, ARefusalIsTheAcksError) {
  begin();
  emit("event:message", {{"message", std::string(4001, 'x')}}, 1);
  EXPECT_EQ(only_ack(1)["code"], "too_large");
  for (const json& body : std::vector<json>{{{"message", ""}},
                                            {{"message", 5}},
                                            json::object(),
                                            {{"message", "x"}, {"id", "no uuid"}},
                                            {{"message", "x"}, {"id", 5}},
                                            {{"message", "x"}, {"room", "a b"}},
                                            {{"message", json::binary({1, 2})}}}) {
    emit("event:message", body, 2);
    EXPECT_EQ(only_ack(2)["code"], "bad_request") << body;
  }
  emit("event:message", {{"message", "x"}, {"room", "other"}}, 3);
  EXPECT_EQ(only_ack(3)["code"], "not_joined");
  emit("unheard of", json::object(), 4);
  EXPECT_EQ(only_ack(4)["code"], "unknown_type");
  store.is_connected = false;
  emit("event:message", {{"message", "x"}, {"id", uuid}}, 5);
  const json away = only_ack(5);
  EXPECT_EQ(away["code"], "unavailable");
  EXPECT_TRUE(away.contains("retry_after_ms"));
}

TEST_F(ChatSocketTest, WithoutAnAckARefusalIsCountedOnly) {
  begin();
  const double before = gateway_metrics.errors(ErrorCode::bad_request).Value();
  emit("event:message", {{"message", ""}});
  chat->on_event("event:message", json::array(), std::nullopt);
  chat->on_event("event:message", json::array({"text"}), std::nullopt);
  EXPECT_EQ(gateway_metrics.errors(ErrorCode::bad_request).Value(), before + 3);
  EXPECT_TRUE(client.acks.empty() && client.events.empty());
}

TEST_F(ChatSocketTest, TheNameOfTheAuthObjectIsTheSenders) {
  begin({{"name", "Ann"}});
  emit("event:message", {{"message", "x"}});
  EXPECT_EQ(store.accepts.back().request.sender_name, "Ann");
}

TEST_F(ChatSocketTest, BeforeAPlannedCloseTheClientIsToldWhenToReconnect) {
  begin();
  chat->reconnect({250});
  EXPECT_EQ(client.events.back(), (json::array({"reconnect", {{"after_ms", 250}}})));
}

TEST_F(ChatSocketTest, I1AMessageWhoseSenderDisconnectedIsJournaledAllTheSame) {
  begin();
  emit("event:message", {{"message", "last words"}}, 1);
  chat->on_disconnect();
  store.accepts.back().handler({AcceptReply::Status::accepted, {5, 2}, ""});
  ASSERT_EQ(journal.entries.size(), 1U);
  journal.entries.back().on_durable();
  EXPECT_TRUE(client.acks.empty());
}

}  // namespace
}  // namespace chat::gateway::socketio
