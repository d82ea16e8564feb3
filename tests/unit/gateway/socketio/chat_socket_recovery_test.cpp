#include "tests/unit/gateway/socketio/chat_socket_fixture.hpp"

namespace chat::gateway::socketio {
namespace {

using namespace testing;

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

TEST_F(ChatSocketTest, TypingDoesNotEndTheRecoverability) {
  begin();
  const std::size_t before = client.events.size();
  emit("typing", {{"room", "general"}});
  emit("typing", {{"room", "another"}});
  EXPECT_EQ(client.events.size(), before);
}

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

TEST_F(RecoveryTest, I3AReconnectingClientGetsWhatItMissedUnderItsOldId) {
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

TEST_F(RecoveryTest, I3AClientWhoseMissedMessagesAreIncompleteIsNotRecovered) {
  open(missed(pid, "5-1"));
  ReadReply page = page_up_to({6, 4});
  page.complete = false;
  confirm("general", page);
  ASSERT_EQ(client.connects.size(), 1U);
  EXPECT_NE(client.connects[0]["pid"], pid);
  EXPECT_TRUE(client.frames.empty());
}

TEST_F(RecoveryTest, I3AClientThatJoinedAnotherRoomIsToldAnEmptyOffsetOnce) {
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

TEST_F(RecoveryTest, I3AClientThatJoinsGeneralAgainWithoutSinceMissesNothing) {
  begin();
  emit("join", {{"room", "general"}, {"presence", true}}, 1);
  Room* const general = rooms.find("general");
  general->publish(
      {{5, 2}, ws::make_frame(ws::Opcode::text, entry(2).message), std::make_shared<ws::LazyFrame>()});
  EXPECT_EQ(client.frames.size(), 1U);
  EXPECT_EQ(client.events, std::vector<json>{json::array({"offset", "5-1"})});
}

TEST_F(RecoveryTest, I3WhileItReadsPagesAClientHasNoOffset) {
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

TEST_F(RecoveryTest, I3AClientsOffsetDoesNotPassAHole) {
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

}  // namespace
}  // namespace chat::gateway::socketio
