// A ChatSocket between a client and the chat's fakes, for tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "gateway/socketio/chat_socket.hpp"
#include "tests/unit/gateway/chat/fakes.hpp"

namespace chat::gateway::socketio::testing {

using chat::gateway::testing::FakeHub;
using chat::gateway::testing::FakeJournal;
using chat::gateway::testing::FakeStore;
using chat::gateway::testing::page_up_to;
using nlohmann::json;

inline constexpr std::string_view uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// Remembers what a ChatSocket tells its client.
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
  std::size_t outbox_free_bytes() const override { return free_bytes; }
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
  std::size_t free_bytes = 1024 * 1024;
};

inline AcceptRequest request(std::string text) {
  AcceptRequest made;
  made.id = *parse_uuid(uuid);
  made.room = "general";
  made.sender = made.sender_name = "Ann";
  made.text = std::move(text);
  made.sent_at = 7;
  return made;
}

inline RoomEntry entry(std::int64_t seq) {
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

}  // namespace chat::gateway::socketio::testing
