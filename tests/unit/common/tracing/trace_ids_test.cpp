#include "common/tracing/trace_ids.hpp"

#include <gtest/gtest.h>

namespace chat::tracing {
namespace {

const Uuid id = *parse_uuid("00112233-4455-4677-8899-aabbccddeeff");

TEST(Sampler, TakesNoneAllOrAShareByTheIdAlone) {
  EXPECT_FALSE(Sampler(0).samples(id));
  EXPECT_TRUE(Sampler(1).samples(id));
  int sampled = 0;
  constexpr int ids = 20'000;
  for (int i = 0; i < ids; ++i) {
    const Uuid random = random_uuid();
    const bool is_sampled = Sampler(0.25).samples(random);
    EXPECT_EQ(Sampler(0.25).samples(random), is_sampled);
    EXPECT_TRUE(!is_sampled || Sampler(0.5).samples(random)) << "a larger share has all of a smaller one";
    sampled += is_sampled ? 1 : 0;
  }
  EXPECT_NEAR(sampled, ids / 4, 400);
}

TEST(Sampler, AnIdOfZeroesMakesNoTrace) {
  EXPECT_FALSE(Sampler(1).samples(Uuid{}));
}

TEST(SpanIds, AreTheSameEverywhereAndOthersForEachStepAndRoom) {
  EXPECT_EQ(span_of(id, "r", Step::accept), span_of(id, "r", Step::accept));
  EXPECT_NE(span_of(id, "r", Step::accept), span_of(id, "r", Step::send));
  EXPECT_NE(span_of(id, "r", Step::accept), span_of(id, "q", Step::accept));
  EXPECT_NE(random_span(), random_span());
}

TEST(TraceParent, IsWrittenAsW3cSays) {
  EXPECT_EQ(to_traceparent({id, 0xAB, true}), "00-00112233445546778899aabbccddeeff-00000000000000ab-01");
  EXPECT_EQ(to_traceparent({id, 0xAB, false}), "00-00112233445546778899aabbccddeeff-00000000000000ab-00");
}

TEST(TraceParent, IsReadBackAlsoOfALaterVersion) {
  for (const bool is_sampled : {true, false}) {
    const TraceParent parent{id, 0xFEDC'BA98'7654'3210, is_sampled};
    EXPECT_EQ(parse_traceparent(to_traceparent(parent)), parent);
  }
  const std::string later = "cc-00112233445546778899aabbccddeeff-00000000000000ab-01";
  EXPECT_TRUE(parse_traceparent(later));
  EXPECT_TRUE(parse_traceparent(later + "-what-comes"));
  EXPECT_TRUE(parse_traceparent("00-00112233445546778899aabbccddeeff-00000000000000ab-03")->is_sampled);
}

TEST(TraceParent, RefusesWhatIsNone) {
  for (const char* text : {"", "00", "00-00112233445546778899aabbccddeeff-00000000000000ab",
                           "ff-00112233445546778899aabbccddeeff-00000000000000ab-01",
                           "00-00000000000000000000000000000000-00000000000000ab-01",
                           "00-00112233445546778899aabbccddeeff-0000000000000000-01",
                           "00-00112233445546778899AABBCCDDEEFF-00000000000000ab-01",
                           "00-00112233445546778899aabbccddeefg-00000000000000ab-01",
                           "00-00112233445546778899aabbccddeeff-00000000000000ab-0x",
                           "00-00112233445546778899aabbccddeeff-00000000000000ab-01-more",
                           "cc-00112233445546778899aabbccddeeff-00000000000000ab-01.more",
                           "00_00112233445546778899aabbccddeeff-00000000000000ab-01"})
    EXPECT_FALSE(parse_traceparent(text)) << text;
}

}  // namespace
}  // namespace chat::tracing
