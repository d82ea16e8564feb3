// Random and mutated input for the codecs and the sessions on them. CHAT_FUZZ_ROUNDS lengthens it,
// CHAT_FUZZ_SEED repeats a run.
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "gateway/engineio/base64.hpp"
#include "gateway/engineio/engine_session.hpp"
#include "gateway/socketio/message_event.hpp"
#include "gateway/socketio/recovery.hpp"
#include "gateway/socketio/socket_connection.hpp"
#include "tests/unit/gateway/engineio/fake_socket.hpp"
#include "tests/unit/gateway/engineio/payload.hpp"

namespace chat::gateway::socketio {
namespace {

using engineio::decode_base64;
using engineio::decode_packet;
using engineio::encode_base64;
using engineio::encode_packet;
using engineio::EngineAnswer;
using engineio::EngineCarrier;
using engineio::EnginePacket;
using engineio::EngineSession;
using engineio::EngineSettings;
using engineio::testing::decode_payload;
using engineio::testing::FakeSocket;
using nlohmann::json;

unsigned number_of(const char* variable, unsigned otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::stoul(text));
}

const std::vector<std::string> seeds{
    "0",
    "40",
    R"(40/custom,{"token":"abc"})",
    R"(42["message",1,"2",{"3":[true]}])",
    "41/custom,",
    R"(42/custom,17["message",{"a":[null,1e5,-3]}])",
    R"(451-["b",{"_placeholder":true,"num":0}])",
    R"(452-/custom,9["b",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]])",
    R"(430["answer"])",
    R"(461-3[{"_placeholder":true,"num":0}])",
    "2probe",
    "3",
    "5",
    "6",
    "bAQIDBA==",
    {"4hello\x1e\x62\x41Q==\x1e\x33"},
    R"(42["half","\ud83d"])",
    R"(44{"message":"no"})",
    R"({"pid":"0f8fad5b-d9cb-469f-a165-70867728950e.5-6","offset":"7-8"})"};

/// The same numbers for the same seed on every machine.
class Fuzz : public ::testing::Test {
 protected:
  Fuzz() { RecordProperty("seed", static_cast<int>(seed_)); }

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_()) % bound; }

  std::string mutated() {
    std::string text = seeds[below(seeds.size())];
    for (std::size_t changes = below(4); changes > 0; --changes) change(text);
    return text;
  }

  unsigned rounds() const { return rounds_; }
  std::string trace(const std::string& input) const {
    return "seed " + std::to_string(seed_) + ", input " + encode_base64(input);
  }

 private:
  char any_byte() {
    constexpr std::string_view telling = "0123456789-/,[]{}\"\\:bu\x1e\xff\x00?_.";
    return below(3) == 0 ? static_cast<char>(below(256)) : telling[below(telling.size())];
  }
  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.insert(at, 1, any_byte());
        break;
      case 1:
        if (at < text.size()) text[at] = any_byte();
        break;
      case 2:
        text.erase(at, 1 + below(4));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, std::string(below(300), any_byte()));
        break;
      default:
        text += seeds[below(seeds.size())];
    }
  }

  const unsigned rounds_ = number_of("CHAT_FUZZ_ROUNDS", 20'000);
  const unsigned seed_ = number_of("CHAT_FUZZ_SEED", std::random_device{}());
  std::mt19937 engine_{seed_};
};

TEST_F(Fuzz, WhatADecoderTakesIsTheSameAfterEncoding) {
  for (unsigned round = 0; round < rounds(); ++round) {
    const std::string input = mutated();
    SCOPED_TRACE(trace(input));
    if (const auto bytes = decode_base64(input)) {
      EXPECT_EQ(decode_base64(encode_base64(*bytes)), bytes);
    }
    for (const EngineCarrier carrier : {EngineCarrier::frame, EngineCarrier::payload}) {
      const auto packet = decode_packet(input, carrier);
      if (packet) {
        EXPECT_EQ(decode_packet(encode_packet(*packet), carrier), packet);
      }
    }
    for (const EnginePacket& packet : decode_payload(input).packets)
      EXPECT_EQ(decode_packet(encode_packet(packet), EngineCarrier::payload), packet);
    SocketDecoder decoder;
    auto outcome = decoder.add_text(input.substr(std::min<std::size_t>(1, input.size())));
    while (outcome == SocketDecoder::Outcome::needs_attachments) outcome = decoder.add_binary(mutated());
    if (outcome != SocketDecoder::Outcome::packet) continue;
    const SocketPacket packet = decoder.take();
    const EncodedSocketPacket encoded = encode_socket_packet(packet);
    SocketDecoder second;
    outcome = second.add_text(encoded.text);
    for (const std::string& attachment : encoded.attachments) outcome = second.add_binary(attachment);
    ASSERT_EQ(outcome, SocketDecoder::Outcome::packet) << encoded.text;
    EXPECT_EQ(second.take(), packet);
  }
}

TEST_F(Fuzz, RecoveryAndMessagesTakeOrRefuseAnything) {
  AcceptRequest request;
  request.id = *parse_uuid("0f8fad5b-d9cb-469f-a165-70867728950e");
  request.room = "general";
  request.sender = request.sender_name = "Ann";
  request.text = "a \"text\":\"b\"";
  const std::string message = make_message(request, {5, 6});
  for (unsigned round = 0; round < rounds(); ++round) {
    const std::string input = mutated();
    SCOPED_TRACE(trace(input));
    const json auth = json::parse(input, nullptr, false);
    if (auth.is_object()) {
      const auto recovery = read_recovery(auth);
      if (recovery) {
        EXPECT_EQ(make_pid(recovery->sid, recovery->since).substr(0, 37), recovery->pid.substr(0, 37));
      }
    }
    std::string broken = message;
    broken.replace(below(broken.size()), below(20), input);
    message_argument(broken);
  }
}

/// Answers what it gets, as the echo server does.
class Echo final : public SocketHandler {
 public:
  explicit Echo(int& open) : open_(open) {}
  void on_open(Socket& socket) override {
    ++open_;
    socket_ = &socket;
    socket.connect("id");
  }
  void on_event(const std::string& name, json args, std::optional<std::uint64_t> id) override {
    if (id) return socket_->acknowledge(*id, std::move(args));
    args.insert(args.begin(), name);
    socket_->emit(std::move(args), [](const json&) {});
  }
  void on_disconnect() override { --open_; }

 private:
  int& open_;
  Socket* socket_ = nullptr;
};

TEST_F(Fuzz, ASessionEndsItsHandlersOnceWhateverComes) {
  using Clock = EngineSession::TimePoint;
  const EngineSettings settings;
  for (unsigned round = 0; round < rounds() / 20; ++round) {
    int open = 0;
    std::string trail;
    FakeSocket first, second;
    std::vector<std::function<void()>> later;
    {
      const auto session = std::make_shared<EngineSession>(
          "sid", settings,
          std::make_unique<SocketConnection>(
              [&open](const std::string& nsp, const json&) -> std::unique_ptr<SocketHandler> {
                if (nsp != "/" && nsp != "/custom") return nullptr;
                return std::make_unique<Echo>(open);
              }),
          [&later](std::function<void()> call) { later.push_back(std::move(call)); });
      Clock now{std::chrono::hours(1)};
      const auto ignore = [](const EngineAnswer&) {};
      if (below(2) == 0)
        session->open_socket(first, now);
      else
        session->open_polling(ignore, now);
      for (int step = 0; step < 20; ++step) {
        const std::string input = step == 0 ? "40" : mutated();
        const std::size_t kind = below(8);
        trail += std::to_string(kind) + ":" + encode_base64(input) + " ";
        SCOPED_TRACE(trail);
        if (kind < 3) session->on_frame(below(3) == 0 ? second : first, input, below(4) == 0, now);
        if (kind == 3 && session->begin_post()) session->post(input, ignore, now);
        if (kind == 4) session->poll(ignore, now);
        if (kind == 5) session->begin_upgrade(second, now);
        if (kind == 6) session->on_deadline(now += std::chrono::seconds(below(20)));
        if (kind == 7 && below(8) == 0) session->on_socket_closed(below(2) == 0 ? first : second);
        for (const auto& call : std::exchange(later, {})) call();
        ASSERT_GE(open, 0);
        if (session->is_closed()) {
          ASSERT_EQ(open, 0);
        }
      }
    }
    ASSERT_EQ(open, 0) << trail;
  }
}

}  // namespace
}  // namespace chat::gateway::socketio
