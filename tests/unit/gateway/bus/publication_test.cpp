#include "gateway/bus/publication.hpp"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace chat::gateway {
namespace {

using nlohmann::json;

AcceptRequest request(std::string text = "hello") {
  AcceptRequest made;
  made.id = *parse_uuid("0f8fad5b-d9cb-469f-a165-70867728950e");
  made.room = "general";
  made.sender = "u1";
  made.sender_name = "Ann \"A\"";
  made.text = std::move(text);
  made.sent_at = 1'700'000'000'123;
  return made;
}

TEST(Publication, the_message_object_has_exactly_the_protocols_fields) {
  EXPECT_EQ(json::parse(make_message(request(), {1'700'000'000'000, 7})),
            json({{"type", "message"},
                  {"room", "general"},
                  {"epoch", 1'700'000'000'000},
                  {"seq", 7},
                  {"id", "0f8fad5b-d9cb-469f-a165-70867728950e"},
                  {"sender", "u1"},
                  {"sender_name", "Ann \"A\""},
                  {"text", "hello"},
                  {"sent_at", 1'700'000'000'123}}));
}

TEST(Publication, every_character_of_a_text_survives) {
  std::string text;
  for (char c = 1; c < 127; ++c) text += c;
  text += "\x7f\xc2\x85\xe2\x80\xa8\xf0\x9f\x98\x80 \\u0000 </script>";
  const std::string message = make_message(request(text), {1, 1});
  EXPECT_EQ(json::parse(message)["text"], text);
  for (const char c : message) EXPECT_FALSE(c >= 0 && c < 0x20) << "a control character is not escaped";
}

TEST(Publication, the_parts_around_the_number_make_the_whole) {
  const MessageParts parts = make_message_parts(request());
  EXPECT_EQ(parts.head + "12,\"seq\":34," + parts.tail, make_message(request(), {12, 34}));
}

TEST(Publication, the_head_is_read_back_up_to_the_largest_numbers) {
  for (const Cursor cursor :
       {Cursor{1, 1}, Cursor{1'700'000'000'000, 99}, Cursor{max_json_integer, max_json_integer}}) {
    const auto head = parse_publication("general", make_message(request(), cursor));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->cursor, cursor);
    EXPECT_EQ(head->id, request().id);
  }
}

TEST(Publication, another_room_or_a_changed_head_is_refused) {
  const std::string good = make_message(request(), {5, 6});
  EXPECT_TRUE(parse_publication("general", good));
  EXPECT_FALSE(parse_publication("genera", good));
  EXPECT_FALSE(parse_publication("general2", good));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return parse_publication("general", text).has_value();
  };
  EXPECT_FALSE(changed("\"epoch\":5", "\"epoch\":-5"));
  EXPECT_FALSE(changed("\"epoch\":5", "\"epoch\":9007199254740992"));
  EXPECT_FALSE(changed("\"seq\":6", "\"seq\":1e+15"));
  EXPECT_FALSE(changed("\"seq\":6", "\"seq\":99999999999999999999"));
  EXPECT_FALSE(changed("0f8fad5b", "0f8fad5x"));
  EXPECT_FALSE(changed("message", "massage"));
}

TEST(Publication, a_head_cut_at_any_place_is_refused) {
  const std::string good = make_message(request(), {5, 6});
  const std::size_t end = good.find("\",\"sender\"") + 1;
  for (std::size_t size = 0; size < end; ++size)
    EXPECT_FALSE(parse_publication("general", std::string_view(good).substr(0, size))) << size;
}

}  // namespace
}  // namespace chat::gateway
