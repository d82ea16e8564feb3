#include "gateway/lookup/asked.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::lookup {
namespace {

TEST(Asked, TakesANumberASeqAndAnId) {
  const auto number = parse_asked("general", "1700000000000-5").value();
  EXPECT_EQ(number.number, (Cursor{1'700'000'000'000, 5}));
  EXPECT_FALSE(number.seq || number.id);
  const auto seq = parse_asked("general", "5").value();
  EXPECT_EQ(seq.seq, 5);
  EXPECT_FALSE(seq.number || seq.id);
  const std::string id = "00112233-4455-4677-8899-AABBCCDDEEFF";
  EXPECT_EQ(parse_asked("general", id).value().id, parse_uuid(id));
}

TEST(Asked, RefusesWhatIsNone) {
  for (const char* which : {"", "0", "-1", "5x", "5-", "-5", "5-0", "1.5", "9007199254740992", "x"})
    EXPECT_FALSE(parse_asked("general", which)) << which;
  EXPECT_FALSE(parse_asked("", "5"));
  EXPECT_FALSE(parse_asked("a room", "5"));
}

}  // namespace
}  // namespace chat::gateway::lookup
