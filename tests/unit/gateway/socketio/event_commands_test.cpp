#include "gateway/socketio/event_commands.hpp"

#include <string>
#include <variant>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/wire/uuid.hpp"
#include "gateway/native/native_commands.hpp"
#include "tests/support/seeded_random.hpp"

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

const std::string uuid = "0190c0de-0000-4000-8000-00000000000A";

template <class T>
T command(std::string_view event, const json& fields, std::optional<std::uint64_t> ack = std::nullopt) {
  const auto read = read_event(event, fields, ack, Random::real());
  if (const auto* rejection = std::get_if<Rejection>(&read))
    ADD_FAILURE() << fields << ": " << rejection->message;
  return std::get<T>(std::get<Command>(read));
}

Rejection rejection(std::string_view event, const json& fields,
                    std::optional<std::uint64_t> ack = std::nullopt) {
  const auto read = read_event(event, fields, ack, Random::real());
  EXPECT_TRUE(std::holds_alternative<Rejection>(read)) << fields;
  return std::holds_alternative<Rejection>(read) ? std::get<Rejection>(read) : Rejection{};
}

TEST(EventCommands, TheAckThatIsWantedNamesTheRequest) {
  EXPECT_EQ(command<LeaveCommand>("leave", {{"id", "x"}}, 7).id, RequestId(std::uint64_t{7}));
  EXPECT_FALSE(command<TypingCommand>("typing", {{"id", "x"}}).id);
  EXPECT_EQ(rejection("event:message", {{"id", uuid}, {"message", ""}}, 0).id, RequestId(std::uint64_t{0}));
}

TEST(EventCommands, ARoomThatIsNotNamedIsTheDefaultRoom) {
  EXPECT_EQ(command<JoinCommand>("join", json::object()).room, "general");
  EXPECT_EQ(command<JoinCommand>("join", {{"room", "other"}}).room, "other");
  EXPECT_EQ(rejection("join", {{"room", nullptr}}).message, "room must be a string");
}

TEST(EventCommands, AMessageWithoutAnIdGetsOne) {
  const auto given = command<SendCommand>("event:message", {{"message", "hello"}, {"id", uuid}}, 3);
  EXPECT_EQ(given.id, uuid);
  EXPECT_EQ(given.text, "hello");
  EXPECT_EQ(given.room, "general");
  test::SeededRandom random(1), same(1);
  const auto read = read_event("event:message", {{"message", "hello"}}, std::nullopt, random);
  const auto& made = std::get<SendCommand>(std::get<Command>(read));
  EXPECT_EQ(made.uuid, random_uuid(same));
  EXPECT_EQ(made.id, to_string(made.uuid));
}

TEST(EventCommands, OnlyTrueAsksForReceipts) {
  EXPECT_FALSE(command<JoinCommand>("join", json::object()).receipts);
  EXPECT_FALSE(command<JoinCommand>("join", {{"receipts", 1}}).receipts);
  EXPECT_TRUE(command<JoinCommand>("join", {{"receipts", true}}).receipts);
}

TEST(EventCommands, AnUnknownEventIsNamedSo) {
  EXPECT_EQ(rejection("hello", json::object()).code, ErrorCode::unknown_type);
  EXPECT_EQ(rejection("send", json::object(), 5).message, "the event is unknown");
}

TEST(EventCommands, FaultsHaveTheCodesAndWordsOfTheNativeProtocol) {
  const std::string too_long(4001, 'x');
  for (const json& frame : std::vector<json>{
           {{"type", "join"}, {"room", "a b"}},
           {{"type", "join"}, {"room", "r"}, {"since", 5}},
           {{"type", "join"}, {"room", "r"}, {"since", {{"epoch", -1}, {"seq", 0}}}},
           {{"type", "join"}, {"room", "r"}, {"history", 101}},
           {{"type", "join"}, {"room", "r"}, {"presence", 1}},
           {{"type", "leave"}, {"room", 5}},
           {{"type", "typing"}, {"room", ""}},
           {{"type", "history"}, {"room", "r"}},
           {{"type", "history"}, {"room", "r"}, {"before", {{"epoch", 1}, {"seq", 1}}}},
           {{"type", "history"}, {"room", "r"}, {"before", {{"epoch", 1}, {"seq", 1}}}, {"limit", 0}},
           {{"type", "send"}, {"room", "r"}, {"id", 5}},
           {{"type", "send"}, {"room", "r"}, {"id", "no uuid"}},
           {{"type", "send"}, {"room", "r"}, {"id", uuid}},
           {{"type", "send"}, {"room", "r"}, {"id", uuid}, {"text", 5}},
           {{"type", "send"}, {"room", "r"}, {"id", uuid}, {"text", ""}},
           {{"type", "send"}, {"room", "r"}, {"id", uuid}, {"text", too_long}}}) {
    const auto native = std::get<Rejection>(native::parse_command(frame.dump()));
    json fields = json::parse(frame.dump());  // numbers as they come from the wire
    const bool is_send = fields["type"] == "send";
    const std::string event = is_send ? "event:message" : fields["type"].get<std::string>();
    if (is_send && fields.contains("text")) fields["message"] = fields["text"];
    fields.erase("type");
    fields.erase("text");
    const auto refused = rejection(event, fields, 1);
    EXPECT_EQ(refused.code, native.code) << frame;
    EXPECT_EQ(refused.message, native.message) << frame;
  }
}

}  // namespace
}  // namespace chat::gateway::socketio
