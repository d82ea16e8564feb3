#include "gateway/socketio/chat_socket.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "tests/unit/gateway/chat/fakes.hpp"
#include "tests/unit/gateway/engineio/fake_socket.hpp"

namespace chat::gateway::socketio {
namespace {

using chat::gateway::testing::FakeHub;
using chat::gateway::testing::FakeJournal;
using chat::gateway::testing::FakeStore;
using chat::gateway::testing::page_up_to;
using nlohmann::json;

constexpr std::string_view uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

class FakeClient : public Socket {
 public:
  void connect(std::string sid, json fields) override {
    fields["sid"] = std::move(sid);
    connects.push_back(std::move(fields));
  }
  void refuse(json) override {}
  void emit(json args, OnAck) override { events.push_back(std::move(args)); }
  void emit(const ws::FrameRef& event) override { frames.emplace_back(ws::payload_of(event->view())); }
  void acknowledge(std::uint64_t number, json args) override { acks.emplace_back(number, std::move(args)); }
  void disconnect() override {}
  void close_connection() override { is_closed = true; }
  void resume_reading() override { ++resumed; }
  std::size_t outbox_free_bytes() const override { return room; }
  ws::Connection* websocket() const override { return direct; }
  void call_later(std::function<void()> call) override { later.push_back(std::move(call)); }
  void run_later() {
    for (const auto& call : std::exchange(later, {})) call();
  }

  ws::Connection* direct = nullptr;
  std::vector<json> connects;
  bool is_closed = false;
  std::vector<std::function<void()>> later;
  std::vector<json> events;
  std::vector<std::string> frames;
  std::vector<std::pair<std::uint64_t, json>> acks;
  int resumed = 0;
  std::size_t room = 1024 * 1024;
};

AcceptRequest request(std::string text) {
  AcceptRequest made;
  made.id = *parse_uuid(uuid);
  made.room = "general";
  made.sender = made.sender_name = "Ann";
  made.text = std::move(text);
  made.sent_at = 7;
  return made;
}

RoomEntry entry(std::int64_t seq) {
  return {{5, seq}, make_message(request("text " + std::to_string(seq)), {5, seq})};
}

struct ChatSocketTest : ::testing::Test {
  FakeStore store;
  FakeHub hub;
  FakeJournal journal;
  Metrics metrics;
  GatewayMetrics gateway_metrics{metrics};
  Rooms rooms{store, hub};
  SessionServices services{store, rooms, journal, gateway_metrics, "gw-1"};
  FakeClient client;
  std::unique_ptr<ChatSocket> chat;

  void begin(const json& auth = json::object()) {
    chat = std::make_unique<ChatSocket>(services, auth);
    chat->on_open(client);
    confirm("general", page_up_to({5, 1}));
  }
  void confirm(const std::string& room, const ReadReply& page) {
    for (const auto& [name, token] : std::exchange(hub.wanted, {})) rooms.on_subscribed(name, token);
    ASSERT_FALSE(store.reads.empty()) << room;
    auto reads = std::exchange(store.reads, {});
    for (auto& read : reads) read.handler(page);
  }
  /// As it comes from the wire.
  void emit(const std::string& name, json body, std::optional<std::uint64_t> id = std::nullopt) {
    const auto sent =
        encode_socket_packet({SocketType::event, "/", id, json::array({name, std::move(body)})});
    SocketDecoder decoder;
    decoder.add_text(sent.text);
    for (const std::string& attachment : sent.attachments) decoder.add_binary(attachment);
    json args = decoder.take().data;
    args.erase(0);
    chat->on_event(name, std::move(args), id);
  }
  void store_message(Cursor cursor) {
    store.accepts.back().handler({AcceptReply::Status::accepted, cursor, ""});
    journal.entries.back().on_durable();
  }
  /// A message to `general`, up to PostgreSQL.
  void send_and_store(Cursor cursor) {
    emit("event:message", {{"message", "x"}});
    store_message(cursor);
    rooms.find("general")->on_stored(chat::gateway::testing::stored_up_to(cursor));
  }
  json only_ack(std::uint64_t number) {
    EXPECT_EQ(client.acks.size(), 1U);
    if (client.acks.size() != 1) return {};
    EXPECT_EQ(client.acks[0].first, number);
    EXPECT_EQ(client.acks[0].second.size(), 1U);
    return std::exchange(client.acks, {})[0].second[0];
  }
};

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
  EXPECT_EQ(message.second_frames.made(1)->bytes.use_count(), 2);
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

TEST_F(ChatSocketTest, WhatIsRefusedIsTheAcksError) {
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

TEST_F(ChatSocketTest, JoinLeaveAndHistoryMirrorTheNativeFrames) {
  begin();
  emit("join", {{"room", "r"}, {"since", {{"epoch", 5}, {"seq", 7}}}}, 1);
  ReadReply page = page_up_to({5, 9});
  page.entries = {entry(8), entry(9)};
  confirm("r", page);
  const json joined = only_ack(1);
  EXPECT_EQ(joined["room"], "r");
  EXPECT_EQ(joined["seq"], 9);
  EXPECT_EQ(joined["complete"], true);
  EXPECT_EQ(joined["messages"][1]["message"], "text 9");
  EXPECT_FALSE(joined.contains("more"));
  emit("history", {{"room", "r"}, {"before", {{"epoch", 5}, {"seq", 8}}}, {"limit", 3}}, 2);
  page.entries = {entry(7)};
  page.more = true;
  store.reads.back().handler(page);
  const json history = only_ack(2);
  EXPECT_EQ(history["more"], true);
  EXPECT_EQ(history["messages"][0]["seq"], 7);
  emit("leave", {{"room", "r"}}, 3);
  EXPECT_EQ(only_ack(3), (json{{"room", "r"}}));
  emit("leave", {{"room", "r"}}, 4);
  EXPECT_EQ(only_ack(4)["code"], "not_joined");
}

TEST_F(ChatSocketTest, WhatAJoinWithoutAckBringsComesAsMessages) {
  begin();
  emit("join", {{"room", "r"}, {"history", 2}});
  ReadReply page = page_up_to({5, 9});
  page.entries = {entry(8), entry(9)};
  confirm("r", page);
  EXPECT_EQ(client.frames.size(), 2U);
  EXPECT_TRUE(client.acks.empty());
}

TEST_F(ChatSocketTest, ReceiptsComeOnlyInRoomsThatWereJoinedForThem) {
  begin();
  send_and_store({5, 2});
  EXPECT_TRUE(client.events.empty());
  emit("join", {{"room", "general"}, {"receipts", true}});
  send_and_store({5, 3});
  EXPECT_EQ(client.events.back(), (json::array({"stored", {{"room", "general"}, {"epoch", 5}, {"seq", 3}}})));
  emit("join", {{"room", "general"}});
  const std::size_t before = client.events.size();
  send_and_store({5, 4});
  EXPECT_EQ(client.events.size(), before);
}

TEST_F(ChatSocketTest, OfAJoinThatNobodyAwaitsAllPagesComeAsMessages) {
  begin();
  emit("join", {{"room", "r"}, {"since", {{"epoch", 5}, {"seq", 0}}}, {"presence", true}});
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(1), entry(2)};
  page.more = true;
  confirm("r", page);
  EXPECT_EQ(client.frames.size(), 2U);
  client.room = 0;
  client.run_later();
  ASSERT_EQ(store.reads.size(), 1U);
  EXPECT_EQ(store.reads[0].request.since, (Cursor{5, 2}));
  page.entries = {entry(3)};
  confirm("r", page);
  client.run_later();
  EXPECT_TRUE(store.reads.empty()) << "the client is slow";
  client.room = 1024 * 1024;
  chat->on_tick(std::chrono::steady_clock::now());
  page.entries = {entry(4)};
  page.more = false;
  confirm("r", page);
  EXPECT_EQ(client.frames.size(), 4U);
  EXPECT_EQ(hub.watches, (std::vector<std::pair<std::string, bool>>{{"r", true}})) << "its wishes hold";
  client.run_later();
  chat->on_tick(std::chrono::steady_clock::now());
  EXPECT_TRUE(store.reads.empty());
}

TEST_F(ChatSocketTest, AJoinWithACallbackTakesThePlaceOfOneThatNobodyAwaits) {
  begin();
  emit("join", {{"room", "r"}, {"since", {{"epoch", 5}, {"seq", 0}}}});
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(1)};
  page.more = true;
  client.room = 0;
  confirm("r", page);
  emit("join", {{"room", "r"}, {"since", {{"epoch", 5}, {"seq", 1}}}}, 1);
  confirm("r", page);
  client.room = 1024 * 1024;
  chat->on_tick(std::chrono::steady_clock::now());
  EXPECT_TRUE(store.reads.empty()) << "the client asks for its next page itself";
}

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

TEST_F(ChatSocketTest, I6WhoDoesNotKeepUpIsToldOfNoTypingAndNotWhoIsThere) {
  begin();
  client.room = min_free_bytes_for_notices - 1;
  const Broadcast<TypingEvent> typing(TypingEvent{"general", "Bob"});
  chat->typing(Delivery(typing), true);
  const Broadcast<PresenceEvent> presence(PresenceEvent{"r", 300, {}, {}, false});
  EXPECT_FALSE(chat->presence(Delivery(presence)));
  EXPECT_TRUE(client.frames.empty());
  client.room = min_free_bytes_for_notices;
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

TEST_F(ChatSocketTest, TypingDoesNotEndTheRecoverability) {
  begin();
  const std::size_t before = client.events.size();
  emit("typing", {{"room", "general"}});
  emit("typing", {{"room", "another"}});
  EXPECT_EQ(client.events.size(), before);
}

TEST_F(ChatSocketTest, WhatIsNoProperJoinOrLeaveChangesNothing) {
  begin();
  emit("join", {{"room", "general"}, {"receipts", true}}, 1);
  const std::size_t before = client.events.size();
  emit("join", {{"room", "general"}, {"since", "long ago"}});
  emit("join", {{"room", "no room"}});
  emit("leave", {{"room", 7}});
  EXPECT_EQ(client.events.size(), before) << "it can still be recovered";
  send_and_store({5, 2});
  EXPECT_EQ(client.events.back()[0], "stored");
}

TEST_F(ChatSocketTest, AJoinThatIsRefusedChangesNothing) {
  begin();
  emit("join", {{"room", "general"}, {"receipts", true}}, 1);
  const std::size_t before = client.events.size();
  store.is_connected = false;
  emit("join", {{"room", "r"}}, 2);
  emit("join", {{"room", "general"}}, 3);
  ASSERT_EQ(client.acks.size(), 3U);
  EXPECT_EQ(client.acks[1].second[0]["code"], "unavailable");
  EXPECT_EQ(client.acks[2].second[0]["code"], "unavailable");
  EXPECT_EQ(client.events.size(), before) << "it can still be recovered";
  store.is_connected = true;
  send_and_store({5, 2});
  EXPECT_EQ(client.events.back()[0], "stored");
}

TEST_F(ChatSocketTest, TheNameOfTheAuthObjectIsTheSenders) {
  begin({{"name", "Ann"}});
  emit("event:message", {{"message", "x"}});
  EXPECT_EQ(store.accepts.back().request.sender_name, "Ann");
}

TEST_F(ChatSocketTest, BeforeAPlannedCloseTheClientIsToldWhenToComeBack) {
  begin();
  chat->reconnect({250});
  EXPECT_EQ(client.events.back(), (json::array({"reconnect", {{"after_ms", 250}}})));
}

struct RecoveryTest : ChatSocketTest {
  /// Opens a connection that brings `auth`; the read of `general` is to be answered by confirm().
  void open(const json& auth) {
    chat = std::make_unique<ChatSocket>(services, auth);
    chat->on_open(client);
  }
  /// As another gateway told it.
  const std::string pid = make_pid(std::string(uuid), {5, 1});
  static json missed(const std::string& pid, const std::string& offset) {
    return {{"pid", pid}, {"offset", offset}};
  }
  std::vector<std::int64_t> shown() const {
    std::vector<std::int64_t> seqs;
    for (const std::string& frame : client.frames) seqs.push_back(json::parse(frame.substr(2))[1]["seq"]);
    return seqs;
  }
};

TEST_F(RecoveryTest, I3AClientIsConnectedOnlyOnceItIsInGeneral) {
  open(json::object());
  EXPECT_TRUE(client.connects.empty());
  confirm("general", page_up_to({5, 1}));
  ASSERT_EQ(client.connects.size(), 1U);
  EXPECT_TRUE(parse_uuid(client.connects[0]["sid"].get<std::string>()));
}

TEST_F(RecoveryTest, I3WhileRedisIsAwayAClientTriesUntilItIsInGeneral) {
  store.is_connected = false;
  open(json::object());
  EXPECT_TRUE(client.connects.empty());
  EXPECT_TRUE(store.reads.empty());
  store.is_connected = true;
  chat->on_tick({});
  confirm("general", page_up_to({5, 1}));
  EXPECT_EQ(client.connects.size(), 1U);
}

TEST_F(RecoveryTest, TheOffsetOfAMessageIsItsLastArgument) {
  begin();
  const std::string native = make_message(request("hello"), {5, 2});
  rooms.find("general")->publish(
      {{5, 2}, ws::make_frame(ws::Opcode::text, native), std::make_shared<ws::LazyFrame>()});
  EXPECT_EQ(json::parse(client.frames.at(0).substr(2)).at(2), "5-2");
}

TEST_F(RecoveryTest, I3WhoComesBackGetsWhatItMissedUnderItsOldId) {
  open(missed(pid, "5-2"));
  ASSERT_EQ(store.reads.size() + hub.wanted.size(), 1U);
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(3), entry(4)};
  confirm("general", page);
  ASSERT_EQ(client.connects.size(), 1U);
  EXPECT_EQ(client.connects[0]["pid"], pid);
  EXPECT_TRUE(pid.starts_with(client.connects[0]["sid"].get<std::string>() + "."));
  EXPECT_EQ(shown(), (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(json::parse(client.frames.back().substr(2)).at(2), "5-4");
}

TEST_F(RecoveryTest, I3WithoutAnyMessageItGoesOnWhereItConnected) {
  open({{"pid", pid}});
  rooms.on_subscribed("general", hub.wanted.back().second);
  ASSERT_EQ(store.reads.size(), 1U);
  EXPECT_EQ(store.reads[0].request.since, (Cursor{5, 1}));
}

TEST_F(RecoveryTest, I3FurtherPagesComeBeforeAnythingElseIsRead) {
  open(missed(pid, "5-1"));
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(2)};
  page.more = true;
  confirm("general", page);
  EXPECT_FALSE(chat->ready_for_message());
  client.run_later();
  ASSERT_EQ(store.reads.size(), 1U);
  EXPECT_EQ(store.reads[0].request.since, (Cursor{5, 2}));
  page.entries = {entry(3), entry(4)};
  page.more = false;
  std::exchange(store.reads, {})[0].handler(page);
  EXPECT_EQ(shown(), (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ(client.connects.size(), 1U);
  EXPECT_TRUE(chat->ready_for_message());
}

TEST_F(RecoveryTest, I3WhatCannotBeGivenWholeIsNotCalledRecovered) {
  open(missed(pid, "5-1"));
  ReadReply page = page_up_to({6, 4});
  page.complete = false;
  confirm("general", page);
  ASSERT_EQ(client.connects.size(), 1U);
  EXPECT_NE(client.connects[0]["pid"], pid);
  EXPECT_TRUE(client.frames.empty());
}

TEST_F(RecoveryTest, I3WhoJoinedAnotherRoomIsToldAnEmptyOffsetOnce) {
  begin();
  emit("join", {{"room", "r"}}, 2);
  EXPECT_TRUE(client.events.empty());
  confirm("r", page_up_to({5, 1}));
  EXPECT_EQ(client.events, std::vector<json>{json::array({"offset", ""})});
  emit("join", {{"room", "q"}}, 3);
  confirm("q", page_up_to({5, 1}));
  EXPECT_EQ(client.events.size(), 1U);
  EXPECT_FALSE(read_recovery(missed(client.connects[0]["pid"], "")));
}

TEST_F(RecoveryTest, I3WhoJoinsGeneralAgainWithoutSinceMissesNothing) {
  begin();
  emit("join", {{"room", "general"}, {"presence", true}}, 1);
  Room* const general = rooms.find("general");
  general->publish(
      {{5, 2}, ws::make_frame(ws::Opcode::text, entry(2).message), std::make_shared<ws::LazyFrame>()});
  EXPECT_EQ(client.frames.size(), 1U);
  EXPECT_EQ(client.events, std::vector<json>{json::array({"offset", "5-1"})});
}

TEST_F(RecoveryTest, I3AmidPagesOfItsOwnAClientHasNoPlace) {
  begin();
  emit("join", {{"room", "general"}, {"since", {{"epoch", 5}, {"seq", 0}}}}, 1);
  EXPECT_EQ(client.events.back(), json::array({"offset", ""}));
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(1)};
  page.more = true;
  confirm("general", page);
  EXPECT_EQ(client.events.size(), 1U);
  emit("join", {{"room", "general"}, {"since", {{"epoch", 5}, {"seq", 1}}}}, 2);
  page.more = false;
  confirm("general", page);
  EXPECT_EQ(client.events.back(), json::array({"offset", "5-4"}));
}

TEST_F(RecoveryTest, I3OverAHoleThePlaceOfAClientStays) {
  open(missed(pid, "5-1"));
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(2)};
  page.more = true;
  confirm("general", page);
  client.run_later();
  page = page_up_to({6, 4});
  page.complete = false;
  std::exchange(store.reads, {}).at(0).handler(page);
  const std::size_t before = client.frames.size();
  const std::string native = make_message(request("live"), {6, 5});
  rooms.find("general")->publish(
      {{6, 5}, ws::make_frame(ws::Opcode::text, native), std::make_shared<ws::LazyFrame>()});
  for (std::size_t i = before; i < client.frames.size(); ++i)
    EXPECT_EQ(json::parse(client.frames[i].substr(2)).size(), 2U) << "no offset";
  client.run_later();
  EXPECT_TRUE(client.is_closed);
}

TEST_F(RecoveryTest, I3AnIncompletePageWithMoreIsNotWaitedFor) {
  open(missed(pid, "5-1"));
  ReadReply page = page_up_to({6, 4});
  page.complete = false;
  page.more = true;
  confirm("general", page);
  EXPECT_TRUE(client.connects.empty());
  client.run_later();
  ASSERT_EQ(store.reads.size(), 1U);
  EXPECT_FALSE(store.reads[0].request.since);
  page.more = false;
  confirm("general", page);
  EXPECT_EQ(client.connects.size(), 1U);
  EXPECT_TRUE(client.frames.empty());
}

TEST_F(RecoveryTest, AClientThatBeginsAnewForgetsItsOldOffset) {
  open(missed(pid, ""));
  confirm("general", page_up_to({6, 4}));
  EXPECT_NE(client.connects.at(0)["pid"], pid);
  EXPECT_EQ(client.events, std::vector<json>{json::array({"offset", "6-4"})});
}

TEST(ReadRecovery, TakesNothingButItsOwnValues) {
  const std::string sid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const auto read = [](const std::string& pid, const json& offset) {
    return read_recovery({{"pid", pid}, {"offset", offset}});
  };
  const auto good = read(make_pid(sid, {5, 6}), make_offset({7, 8}));
  ASSERT_TRUE(good);
  EXPECT_EQ(good->sid, sid);
  EXPECT_EQ(good->since, (Cursor{7, 8}));
  EXPECT_EQ(read(make_pid(sid, {5, 6}), "5-5")->since, (Cursor{5, 6})) << "of the connection before";
  EXPECT_FALSE(read_recovery(json::object()));
  EXPECT_FALSE(read_recovery({{"pid", 5}}));
  for (const std::string pid :
       {"", "x", "x.5-6", "0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e.5"})
    EXPECT_FALSE(read(pid, "5-6")) << pid;
  for (const json& offset :
       std::vector<json>{"", "5", "5-", "-6", "5-6x", "a-b", "-5-6", "9007199254740992-1", 5, nullptr})
    EXPECT_FALSE(read(make_pid(sid, {5, 6}), offset)) << offset;
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
