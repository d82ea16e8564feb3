#include "gateway/native/native_commands.hpp"

#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace chat::gateway::native {
namespace {

const std::string uuid = "0190c0de-0000-4000-8000-00000000000A";

template <class T>
T command(const std::string& frame) {
  auto parsed = parse_command(frame);
  if (const auto* rejection = std::get_if<Rejection>(&parsed))
    ADD_FAILURE() << frame << ": " << rejection->message;
  return std::get<T>(std::get<Command>(parsed));
}

Rejection rejection(const std::string& frame) {
  auto parsed = parse_command(frame);
  EXPECT_TRUE(std::holds_alternative<Rejection>(parsed)) << frame;
  return std::holds_alternative<Rejection>(parsed) ? std::get<Rejection>(parsed) : Rejection{};
}

std::string send_frame(const std::string& text_json, const std::string& id = uuid) {
  return R"({"type":"send","id":")" + id + R"(","room":"general","text":)" + text_json + "}";
}

TEST(NativeCommands, SendKeepsTheClientsSpellingOfTheId) {
  const auto send = command<SendCommand>(send_frame(R"("hello")"));
  EXPECT_EQ(send.id, uuid);
  EXPECT_EQ(to_string(send.uuid), "0190c0de-0000-4000-8000-00000000000a");
  EXPECT_EQ(send.room, "general");
  EXPECT_EQ(send.text, "hello");
}

TEST(NativeCommands, JoinReadsSinceAndHistory) {
  const auto join = command<JoinCommand>(
      R"({"type":"join","id":"j","room":"a.b:c-d_1","since":{"epoch":9007199254740991,"seq":0},"history":100})");
  EXPECT_EQ(join.since, (Cursor{9007199254740991, 0}));
  EXPECT_EQ(join.history, 100U);
  EXPECT_EQ(join.id, "j");
}

TEST(NativeCommands, AJoinMayAskForPresence) {
  EXPECT_FALSE(command<JoinCommand>(R"({"type":"join","room":"r"})").presence);
  EXPECT_FALSE(command<JoinCommand>(R"({"type":"join","room":"r","presence":false})").presence);
  EXPECT_FALSE(command<JoinCommand>(R"({"type":"join","room":"r","presence":null})").presence);
  EXPECT_TRUE(command<JoinCommand>(R"({"type":"join","room":"r","presence":true})").presence);
  for (const char* frame :
       {R"({"type":"join","room":"r","presence":1})", R"({"type":"join","room":"r","presence":"true"})"})
    EXPECT_EQ(rejection(frame).code, ErrorCode::bad_request) << frame;
}

TEST(NativeCommands, TypingNeedsARoom) {
  const auto typing = command<TypingCommand>(R"({"type":"typing","id":"t","room":"r"})");
  EXPECT_EQ(typing.room, "r");
  EXPECT_EQ(typing.id, "t");
  EXPECT_EQ(rejection(R"({"type":"typing"})").code, ErrorCode::bad_request);
}

TEST(NativeCommands, HistoryNeedsACursorAndALimitOfUpTo100) {
  const auto history = command<HistoryCommand>(
      R"({"type":"history","id":"h","room":"r","before":{"epoch":5,"seq":9007199254740991},"limit":100})");
  EXPECT_EQ(history.before, (Cursor{5, 9007199254740991}));
  EXPECT_EQ(history.limit, 100U);
  EXPECT_EQ(history.id, "h");
  const auto frame = [](const std::string& fields) {
    return R"({"type":"history","id":"h","room":"r",)" + fields + "}";
  };
  const std::string before = R"("before":{"epoch":1,"seq":1})";
  for (const std::string& fields :
       {before, before + R"(,"limit":0)", before + R"(,"limit":101)", before + R"(,"limit":-1)",
        before + R"(,"limit":1.5)", before + R"(,"limit":"5")", before + R"(,"limit":null)",
        std::string(R"("limit":5)"), std::string(R"("limit":5,"before":null)"),
        std::string(R"("limit":5,"before":7)"), std::string(R"("limit":5,"before":{"epoch":1})"),
        std::string(R"("limit":5,"before":{"epoch":-1,"seq":1})"),
        std::string(R"("limit":5,"before":{"epoch":1,"seq":9007199254740992})")}) {
    const auto refused = rejection(frame(fields));
    EXPECT_EQ(refused.code, ErrorCode::bad_request) << fields;
    EXPECT_EQ(refused.id, "h") << fields;
  }
  EXPECT_EQ(rejection(R"({"type":"history","room":"a b",)" + before + R"(,"limit":5})").code,
            ErrorCode::bad_request);
}

TEST(NativeCommands, UnknownFieldsAreIgnoredAndNullIsAbsent) {
  const auto join =
      command<JoinCommand>(R"({"type":"join","room":"r","since":null,"history":null,"colour":[1,{"a":2}]})");
  EXPECT_FALSE(join.since);
  EXPECT_FALSE(join.id);
}

TEST(NativeCommands, HelloTakesANameOfUpTo64Characters) {
  EXPECT_EQ(command<HelloCommand>(R"({"type":"hello","name":"Zoë"})").name, "Zoë");
  std::string name;
  for (int i = 0; i < 64; ++i) name += "é";
  EXPECT_EQ(command<HelloCommand>(R"({"type":"hello","name":")" + name + "\"}").name, name);
  EXPECT_EQ(rejection(R"({"type":"hello","id":"h","name":")" + name + "x\"}").id, "h");
  EXPECT_EQ(rejection(R"({"type":"hello","name":""})").code, ErrorCode::bad_request);
  EXPECT_EQ(rejection(R"({"type":"hello","name":"a\nb"})").code, ErrorCode::bad_request);
}

TEST(NativeCommands, ABrokenFrameIsRefusedWithTheIdInFrontOfTheFault) {
  const auto cut = rejection(R"({"type":"send","id":"abc","room":)");
  EXPECT_EQ(cut.code, ErrorCode::bad_request);
  EXPECT_EQ(cut.id, "abc");
  EXPECT_EQ(rejection(R"({"id":"abc","text":"\ud800"})").id, "abc");
  EXPECT_FALSE(rejection(R"({"nested":{"id":"abc"},)").id);
  EXPECT_FALSE(rejection("").id);
  EXPECT_FALSE(rejection("[1,2]").id);
  EXPECT_EQ(rejection("\"text\"").code, ErrorCode::bad_request);
}

TEST(NativeCommands, HalfASurrogatePairIsRefusedWithTheIdWhereverItStands) {
  for (const char* text : {R"(\ud800)", R"(a\udc00b)", R"(\udc00\ud800)", R"(\ud83d\u0041)", R"(\\\ud800)"})
    EXPECT_EQ(rejection(R"({"type":"send","text":")" + std::string(text) + R"(","id":"late"})").id, "late")
        << text;
  EXPECT_EQ(command<SendCommand>(send_frame(R"("\ud83d\ude00")")).text, "\xF0\x9F\x98\x80");
  EXPECT_EQ(command<SendCommand>(send_frame(R"("\\ud800")")).text, R"(\ud800)");
}

TEST(NativeCommands, AnIdThatIsHalfASurrogatePairIsNotGivenBackChanged) {
  EXPECT_FALSE(rejection(R"({"id":"\ud83d","text":"x"})").id);
  EXPECT_FALSE(rejection(R"({"text":"\ud83d","id":"\ude00"})").id);
}

TEST(NativeCommands, DeepNestingIsRefusedWithoutHarm) {
  EXPECT_EQ(rejection(std::string(60'000, '[')).code, ErrorCode::bad_request);
  std::string deep = R"({"type":"ping","id":"p","x":)";
  deep += std::string(30'000, '[') + std::string(30'000, ']') + "}";
  EXPECT_EQ(command<PingCommand>(deep).id, "p");
}

TEST(NativeCommands, AnUnknownTypeIsNamedSo) {
  EXPECT_EQ(rejection(R"({"type":"dance","id":"d"})").code, ErrorCode::unknown_type);
  EXPECT_EQ(rejection(R"({"type":"dance","id":"d"})").id, "d");
  EXPECT_EQ(rejection(R"({"id":"d"})").code, ErrorCode::bad_request);
  EXPECT_EQ(rejection(R"({"type":7,"id":"d"})").code, ErrorCode::bad_request);
}

TEST(NativeCommands, AnIdOfTheWrongKindIsRefused) {
  EXPECT_EQ(rejection(R"({"type":"ping","id":7})").code, ErrorCode::bad_request);
  EXPECT_EQ(rejection(R"({"type":"ping","id":")" + std::string(65, 'x') + "\"}").code,
            ErrorCode::bad_request);
  EXPECT_EQ(command<PingCommand>(R"({"type":"ping","id":")" + std::string(64, 'x') + "\"}").id,
            std::string(64, 'x'));
  EXPECT_EQ(rejection(send_frame("\"x\"", "not-a-uuid")).id, "not-a-uuid");
}

TEST(NativeCommands, TextsFollowTheProtocolsRules) {
  EXPECT_EQ(rejection(send_frame("\"\"")).code, ErrorCode::bad_request);
  EXPECT_EQ(rejection(send_frame(R"("a\u0000b")")).code, ErrorCode::bad_request);
  EXPECT_EQ(rejection(send_frame("7")).code, ErrorCode::bad_request);
  std::string longest;
  for (int i = 0; i < 4000; ++i) longest += "\xF0\x9F\x98\x80";
  EXPECT_EQ(command<SendCommand>(send_frame('"' + longest + '"')).text, longest);
  EXPECT_EQ(rejection(send_frame('"' + longest + "x\"")).code, ErrorCode::too_large);
}

TEST(NativeCommands, RoomsAndCursorsFollowTheProtocolsRules) {
  for (const char* room : {R"("")", R"("a b")", R"("ü")", R"("a/b")", "5", "null"})
    EXPECT_EQ(rejection(std::string(R"({"type":"leave","room":)") + room + "}").code, ErrorCode::bad_request)
        << room;
  EXPECT_EQ(rejection(R"({"type":"leave","room":")" + std::string(129, 'r') + "\"}").code,
            ErrorCode::bad_request);
  EXPECT_EQ(rejection(R"({"type":"leave"})").code, ErrorCode::bad_request);
  for (const char* since :
       {"5", "{}", R"({"epoch":1})", R"({"epoch":-1,"seq":0})", R"({"epoch":1.5,"seq":0})",
        R"({"epoch":9007199254740992,"seq":0})", R"({"epoch":"1","seq":0})"})
    EXPECT_EQ(rejection(std::string(R"({"type":"join","room":"r","since":)") + since + "}").code,
              ErrorCode::bad_request)
        << since;
  for (const char* history : {"-1", "101", "1.0", "\"5\""})
    EXPECT_EQ(rejection(std::string(R"({"type":"join","room":"r","history":)") + history + "}").code,
              ErrorCode::bad_request)
        << history;
}

}  // namespace
}  // namespace chat::gateway::native
