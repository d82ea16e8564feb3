#include "gateway/journal/journal_health.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

std::string cause_of(const std::optional<Trouble>& trouble) {
  return trouble ? trouble->cause : "";
}

TEST(JournalHealthTest, is_well_at_the_start) {
  const JournalHealth health;
  EXPECT_TRUE(health.healthy(false));
  EXPECT_EQ(cause_of(health.trouble(false)), "");
}

TEST(JournalHealthTest, names_the_cause_that_is_nearest_to_its_root) {
  JournalHealth health;
  EXPECT_EQ(cause_of(health.trouble(true)), "stalled");
  health.set_broker(false);
  EXPECT_FALSE(health.healthy(false));
  EXPECT_EQ(cause_of(health.trouble(true)), "unreachable");
  health.set_trouble(Trouble{"denied", "the user may not write", "grant it"});
  EXPECT_EQ(cause_of(health.trouble(true)), "denied");
  health.set_trouble(std::nullopt);
  health.set_broker(true);
  EXPECT_EQ(cause_of(health.trouble(false)), "");
}

TEST(JournalHealthTest, is_not_well_while_a_producer_is_replaced) {
  JournalHealth health;
  health.set_rebuilding(true);
  EXPECT_FALSE(health.healthy(false));
  health.set_rebuilding(false);
  EXPECT_TRUE(health.healthy(false));
}

}  // namespace
}  // namespace chat::gateway
