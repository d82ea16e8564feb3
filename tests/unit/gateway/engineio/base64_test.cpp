#include "gateway/engineio/base64.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::engineio {
namespace {

// RFC 4648 section 10.
TEST(Base64, EncodesAndDecodesTheVectorsOfItsRfc) {
  const std::string plain = "foobar";
  const std::string_view encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t size = 0; size <= plain.size(); ++size) {
    EXPECT_EQ(encode_base64(plain.substr(0, size)), encoded[size]);
    EXPECT_EQ(decode_base64(encoded[size]), plain.substr(0, size));
  }
}

TEST(Base64, EveryByteSurvives) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
}

TEST(Base64, PaddingMayBeMissing) {
  EXPECT_EQ(decode_base64("Zg"), "f");
  EXPECT_EQ(decode_base64("Zm8"), "fo");
}

TEST(Base64, WhatIsNoneIsRefused) {
  for (const std::string_view text : {"Z", "Zm9vY", "Zg=x", "Z===", "Zm9\n", "Zm-_", "===="}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

}  // namespace
}  // namespace chat::gateway::engineio
