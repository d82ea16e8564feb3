#include "common/wire/limits.hpp"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace chat {
namespace {

using namespace std::string_literals;

std::string repeated(std::string_view piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

/// RFC 3629's definition, written from the code points: the reference for the table-driven check.
std::string encode_code_point(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(static_cast<std::uint8_t>(value)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000)
    return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)),
          byte(0x80 | (code & 0x3F))};
}

TEST(Utf8, TakesEveryCodePointButTheSurrogates) {
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(is_valid_utf8(encode_code_point(code)), !is_surrogate) << "U+" << std::hex << code;
  }
}

TEST(Utf8, RefusesCodePointsBeyondTheLast) {
  for (std::uint32_t code = 0x110000; code < 0x200000; code += 0x3FF)
    ASSERT_FALSE(is_valid_utf8(encode_code_point(code))) << std::hex << code;
}

TEST(Utf8, AgreesWithTheGrammarOnEveryThreeByteString) {
  // RFC 3629 section 4, UTF8-3, as ranges.
  const auto is_three_byte_character = [](unsigned a, unsigned b, unsigned c) {
    const bool tail = c >= 0x80 && c <= 0xBF;
    if (a == 0xE0) return b >= 0xA0 && b <= 0xBF && tail;
    if (a == 0xED) return b >= 0x80 && b <= 0x9F && tail;
    return a >= 0xE1 && a <= 0xEF && b >= 0x80 && b <= 0xBF && tail;
  };
  for (unsigned a = 0xE0; a <= 0xEF; ++a)
    for (unsigned b = 0; b <= 0xFF; ++b)
      for (unsigned c = 0; c <= 0xFF; ++c) {
        const std::string text{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        ASSERT_EQ(is_valid_utf8(text), is_three_byte_character(a, b, c)) << a << " " << b << " " << c;
      }
}

TEST(Utf8, RefusesBrokenSequences) {
  for (const std::string& text :
       {"\x80"s, "\xBF"s, "\xC0\x80"s, "\xC1\xBF"s, "\xC2"s, "\xC2\x41"s, "\xE0\x9F\xBF"s, "\xE2\x82"s,
        "\xF0\x8F\xBF\xBF"s, "\xF0\x9F\x98"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xFE"s, "\xFF"s,
        "\xF8\x88\x80\x80\x80"s, "\xED\xA0\x80\xED\xB0\x80"s, "ok\xC3"s, "\xC3\xA9\xA9"s,
        "\xF0\x9F\x98\x80\x80"s})
    EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
}

TEST(Utf8, DoesNotReadBeyondTheView) {
  const std::string text = "ab\xF0\x9F\x98\x80";
  for (std::size_t length = 3; length < text.size(); ++length)
    EXPECT_FALSE(is_valid_utf8(std::string_view(text).substr(0, length))) << length;
}

TEST(Utf8, CountsCharactersNotBytes) {
  EXPECT_EQ(count_characters(""), 0U);
  EXPECT_EQ(count_characters("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), 4U);
}

TEST(Room, TakesExactlyTheAllowedCharacters) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:";
  for (int code = 0; code < 256; ++code) {
    const auto character = static_cast<char>(code);
    EXPECT_EQ(is_valid_room(std::string(1, character)), allowed.find(character) != std::string::npos) << code;
  }
}

TEST(Room, HasOneTo128Characters) {
  EXPECT_FALSE(is_valid_room(""));
  EXPECT_TRUE(is_valid_room(std::string(128, 'r')));
  EXPECT_FALSE(is_valid_room(std::string(129, 'r')));
}

TEST(Text, HasOneTo4000Characters) {
  EXPECT_EQ(check_text(""), TextFault::empty);
  EXPECT_EQ(check_text("x"), TextFault::none);
  for (const std::string_view character : {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    EXPECT_EQ(check_text(repeated(character, 4000)), TextFault::none) << character;
    EXPECT_EQ(check_text(repeated(character, 4001)), TextFault::too_long) << character;
  }
}

TEST(Text, RefusesWhatPostgresCannotHold) {
  EXPECT_EQ(check_text("a\0b"s), TextFault::has_nul);
  EXPECT_EQ(check_text("\0"s), TextFault::has_nul);
  EXPECT_EQ(check_text("a\xFF"), TextFault::not_utf8);
  EXPECT_EQ(check_text("\xED\xA0\x80"), TextFault::not_utf8);
}

TEST(Text, MayHoldOtherControlCharacters) {
  EXPECT_EQ(check_text("a\n\t\x01\x7F\xC2\x85"), TextFault::none);
}

TEST(Name, HasOneTo64CharactersOfAnyScript) {
  EXPECT_FALSE(is_valid_name(""));
  EXPECT_TRUE(is_valid_name("Zoë 😀"));
  EXPECT_TRUE(is_valid_name(repeated("\xF0\x9F\x98\x80", 64)));
  EXPECT_FALSE(is_valid_name(repeated("\xF0\x9F\x98\x80", 65)));
  EXPECT_FALSE(is_valid_name("a\xC2"));
}

TEST(Name, RefusesExactlyTheControlCharacters) {
  for (std::uint32_t code = 0; code < 0x200; ++code) {
    const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    EXPECT_EQ(is_valid_name("a" + encode_code_point(code) + "b"), !is_control) << std::hex << code;
  }
  // Continuation bytes that look like C1 controls belong to their character.
  EXPECT_TRUE(is_valid_name("\xE2\x80\x9C"));
}

TEST(RequestId, HasAtMost64CharactersOfUtf8) {
  EXPECT_TRUE(is_valid_request_id(""));
  EXPECT_TRUE(is_valid_request_id(repeated("\xE2\x82\xAC", 64)));
  EXPECT_FALSE(is_valid_request_id(repeated("\xE2\x82\xAC", 65)));
  EXPECT_FALSE(is_valid_request_id("\xC3"));
}

}  // namespace
}  // namespace chat
