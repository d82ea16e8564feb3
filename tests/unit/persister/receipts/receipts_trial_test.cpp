#include "persister/receipts/receipts_trial.hpp"

#include <cctype>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/persister/receipts/receipts_fixture.hpp"

namespace chat::persister::test {
namespace {

/// What deploy/README.md lists for the persister's user.
const std::vector<std::string> persister_rights{
    "~chat:*", "&chat:*", "+ping",  "+info",   "+script|load", "+evalsha", "+get",
    "+set",    "+expire", "+hmget", "+xrange", "+xrevrange",   "+xtrim",   "+publish",
    "+zscan",  "+zrem",   "+scan",  "+zadd",   "+del"};

class ReceiptsTrialTest : public ::testing::Test {
 protected:
  void start(const config::RedisSettings& settings) {
    ReceiptOptions options;
    options.trial = &trial_;
    options.service = "p1";
    options.pace = {std::chrono::milliseconds{40}, std::chrono::milliseconds{20},
                    std::chrono::milliseconds{5}};
    receipts_.emplace(context_, settings, metrics_, options);
    receipts_->start();
  }

  config::RedisSettings as_user_without(const std::string& missing) {
    std::vector<std::string> words{"ACL", "SETUSER", "persister", "reset", "on", ">pw", "-@all"};
    for (const std::string& right : persister_rights)
      if (right != missing) words.push_back(right);
    EXPECT_EQ(server_.command(words), "+OK\r\n");
    auto settings = server_.settings();
    settings.username = "persister";
    settings.password = "pw";
    return settings;
  }

  template <class Condition>
  bool until(Condition condition) {
    return chat::test::pump_until(context_, condition);
  }
  std::string cause() const {
    const auto trouble = dependencies_.trouble("redis");
    return trouble ? trouble->cause : "";
  }
  bool serves() { return dependencies_.have_served() && cause().empty(); }

  chat::test::RedisServer server_;
  boost::asio::io_context context_;
  Metrics metrics_;
  admin::Dependencies dependencies_{metrics_};
  admin::Trial& trial_ = dependencies_.add("redis");
  std::optional<RedisReceipts> receipts_;
};

TEST_F(ReceiptsTrialTest, WritesAWatermarkThatExpiresAndNothingElse) {
  start(as_user_without("none"));
  ASSERT_TRUE(until([&] { return serves(); })) << dependencies_.first_trouble();
  EXPECT_EQ(server_.command({"KEYS", "*"}), "*1\r\n$22\r\nchat:{trial/p1}:stored\r\n");
}

TEST_F(ReceiptsTrialTest, AFullRedisIsNamedAndFoundAgain) {
  start(server_.settings());
  ASSERT_TRUE(until([&] { return serves(); })) << dependencies_.first_trouble();
  ASSERT_EQ(server_.command({"CONFIG", "SET", "maxmemory", "1"}), "+OK\r\n");
  ASSERT_TRUE(until([&] { return cause() == "memory"; })) << dependencies_.first_trouble();
  ASSERT_EQ(server_.command({"CONFIG", "SET", "maxmemory", "0"}), "+OK\r\n");
  EXPECT_TRUE(until([&] { return serves(); })) << dependencies_.first_trouble();
}

TEST_F(ReceiptsTrialTest, ARedisThatIsKilledIsNamedAndFoundAgain) {
  start(server_.settings());
  ASSERT_TRUE(until([&] { return serves(); })) << dependencies_.first_trouble();
  server_.kill();
  ASSERT_TRUE(until([&] { return cause() == "unreachable" || cause() == "connection_lost"; }));
  server_.start();
  EXPECT_TRUE(until([&] { return serves(); })) << dependencies_.first_trouble();
}

class ReceiptsRightsTest : public ReceiptsTrialTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(ReceiptsRightsTest, IsMissedBeforeAReceiptMissesIt) {
  start(as_user_without(GetParam()));
  EXPECT_TRUE(until([&] { return cause() == "permission"; })) << dependencies_.first_trouble();
  EXPECT_FALSE(dependencies_.have_served());
}

INSTANTIATE_TEST_SUITE_P(Redis, ReceiptsRightsTest, ::testing::ValuesIn(persister_rights),
                         [](const auto& one) {
                           std::string name = one.param[0] == '~'   ? "keys"
                                              : one.param[0] == '&' ? "channels"
                                                                    : "";
                           for (const char c : one.param)
                             name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace chat::persister::test
