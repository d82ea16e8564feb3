#include "common/wire/uuid.hpp"

#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace chat {
namespace {

constexpr const char* sample = "0f1e2d3c-4b5a-4968-9788-96a5b4c3d2e1";

TEST(UuidText, RoundTripsInLowerCase) {
  const auto id = parse_uuid(sample);
  ASSERT_TRUE(id);
  EXPECT_EQ(to_string(*id), sample);
  EXPECT_EQ(id->bytes[0], 0x0f);
  EXPECT_EQ(id->bytes[15], 0xe1);
  EXPECT_EQ(id->binary().size(), 16U);
}

TEST(UuidText, IgnoresCaseWhenCompared) {
  EXPECT_EQ(parse_uuid("ABCDEFAB-CDEF-ABCD-EFAB-CDEFABCDEFAB"),
            parse_uuid("abcdefab-cdef-abcd-efab-cdefabcdefab"));
}

TEST(UuidText, TakesTheNilAndTheMaximum) {
  EXPECT_EQ(parse_uuid("00000000-0000-0000-0000-000000000000"), Uuid{});
  EXPECT_TRUE(parse_uuid("ffffffff-ffff-ffff-ffff-ffffffffffff"));
}

TEST(UuidText, TakesOnlyHexDigitsAndDashesInTheirPlaces) {
  const std::string good = sample;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int code = 0; code < 256; ++code) {
      std::string text = good;
      text[i] = static_cast<char>(code);
      const bool is_dash = good[i] == '-';
      const std::string allowed = is_dash ? "-" : "0123456789abcdefABCDEF";
      ASSERT_EQ(parse_uuid(text).has_value(), allowed.find(text[i]) != std::string::npos) << i << " " << code;
    }
}

TEST(UuidText, RefusesOtherForms) {
  const std::string good = sample;
  for (const std::string& text :
       {std::string(), good.substr(1), good + "0", "{" + good + "}", "urn:uuid:" + good,
        std::string("0f1e2d3c4b5a4968978896a5b4c3d2e1"), " " + good.substr(1)})
    EXPECT_FALSE(parse_uuid(text)) << text;
}

TEST(RandomUuid, IsVersion4AndNeverRepeats) {
  std::unordered_set<Uuid> seen;
  for (int i = 0; i < 10000; ++i) {
    const Uuid id = random_uuid();
    EXPECT_EQ(id.bytes[6] >> 4, 4);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(RandomUuid, DiffersBetweenThreads) {
  std::vector<Uuid> ids(8);
  {
    std::vector<std::jthread> threads;
    threads.reserve(ids.size());
    for (Uuid& id : ids) threads.emplace_back([&id] { id = random_uuid(); });
  }
  EXPECT_EQ(std::unordered_set<Uuid>(ids.begin(), ids.end()).size(), ids.size());
}

TEST(NamedUuid, IsTheOneOfTheStandardsExample) {
  const auto dns = parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  ASSERT_TRUE(dns);
  EXPECT_EQ(to_string(named_uuid(*dns, "www.example.com")), "2ed6657d-e927-568b-95e1-2665a8aea6a2")
      << "RFC 9562 appendix A.4";
}

TEST(UuidHash, SpreadsIdsThatDifferInOneByte) {
  for (std::size_t index = 0; index < 16; ++index) {
    std::unordered_set<std::size_t> hashes;
    for (int value = 0; value < 256; ++value) {
      Uuid id;
      id.bytes[index] = static_cast<std::uint8_t>(value);
      hashes.insert(std::hash<Uuid>{}(id));
    }
    EXPECT_GT(hashes.size(), 250U) << index;
  }
}

}  // namespace
}  // namespace chat
