#include "tests/unit/gateway/socketio/chat_socket_fixture.hpp"

namespace chat::gateway::socketio {
namespace {

using namespace testing;

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

TEST_F(ChatSocketTest, ThePageOfAJoinWithoutAnAckComesAsMessages) {
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

TEST_F(ChatSocketTest, AllPagesOfAJoinWithoutAnAnswerComeAsMessages) {
  begin();
  emit("join", {{"room", "r"}, {"since", {{"epoch", 5}, {"seq", 0}}}, {"presence", true}});
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(1), entry(2)};
  page.more = true;
  confirm("r", page);
  EXPECT_EQ(client.frames.size(), 2U);
  client.free_bytes = 0;
  client.run_later();
  ASSERT_EQ(store.reads.size(), 1U);
  EXPECT_EQ(store.reads[0].request.since, (Cursor{5, 2}));
  page.entries = {entry(3)};
  confirm("r", page);
  client.run_later();
  EXPECT_TRUE(store.reads.empty()) << "the client is slow";
  client.free_bytes = 1024 * 1024;
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

TEST_F(ChatSocketTest, AJoinWithACallbackReplacesOneWithoutAnAnswer) {
  begin();
  emit("join", {{"room", "r"}, {"since", {{"epoch", 5}, {"seq", 0}}}});
  ReadReply page = page_up_to({5, 4});
  page.entries = {entry(1)};
  page.more = true;
  client.free_bytes = 0;
  confirm("r", page);
  emit("join", {{"room", "r"}, {"since", {{"epoch", 5}, {"seq", 1}}}}, 1);
  confirm("r", page);
  client.free_bytes = 1024 * 1024;
  chat->on_tick(std::chrono::steady_clock::now());
  EXPECT_TRUE(store.reads.empty()) << "the client asks for its next page itself";
}

TEST_F(ChatSocketTest, AnImproperJoinOrLeaveChangesNothing) {
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

}  // namespace
}  // namespace chat::gateway::socketio
