// Redis is replaced by an empty one whose clock is behind: who proves to it where its epochs begin?
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "gateway/bus/redis_bus.hpp"
#include "tests/unit/gateway/bus/store_fixture.hpp"

namespace chat::test {
namespace {

using gateway::ArchivedEpochs;
using gateway::RedisBus;
using namespace std::chrono_literals;

class Listener final : public gateway::BusListener {
 public:
  void on_publication(std::string_view, std::string_view) override {}
  void on_batch_end() override {}
  void on_subscribed(std::string_view) override {}
  void on_lost() override {}
  std::int64_t highest_epoch() const override { return seen; }

  std::int64_t seen = 0;
};

class Archive final : public gateway::EpochArchive {
 public:
  explicit Archive(ArchivedEpochs told) : told_(told) {}
  void find_highest(std::function<void(ArchivedEpochs)> handler) override {
    ++questions;
    handler(told_);
  }
  void tell(ArchivedEpochs told) { told_ = told; }

  int questions = 0;

 private:
  ArchivedEpochs told_;
};

constexpr ArchivedEpochs empty{true, 0, true};
constexpr ArchivedEpochs unknown{};

class EpochKeeperTest : public StoreTest {
 protected:
  void SetUp() override {
    store.start();
    admin.start();
    ASSERT_TRUE(until([&] { return store.connected() && admin.is_ready(); }));
  }

  std::unique_ptr<RedisBus> start_gateway(const std::string& name) {
    auto bus = std::make_unique<RedisBus>(context, server.settings(), name, metrics, listener);
    bus->use(&archive);
    bus->start();
    EXPECT_TRUE(until([&] { return bus->connected(); }));
    return bus;
  }

  bool is_proven() {
    return !redis({"HGET", "chat:epochs", "run"}).empty() &&
           redis({"HGET", "chat:epochs", "run"}) == admin.run_id();
  }
  std::int64_t highest() { return std::stoll(redis({"HGET", "chat:epochs", "highest"})); }
  std::int64_t now_ms() { return std::stoll(redis({"TIME"})) * 1000; }

  void replace_redis(std::chrono::milliseconds shift) {
    server.kill();
    server.shift_clock(shift);
    ASSERT_TRUE(until([&] { return !store.connected() && !admin.is_ready(); }));
    server.start();
    ASSERT_TRUE(until([&] { return store.connected() && admin.is_ready(); }));
  }

  Listener listener;
  Archive archive{empty};
};

TEST_F(EpochKeeperTest, the_first_gateway_of_a_new_system_proves_its_redis_at_once) {
  const auto gateway = start_gateway("g1");
  EXPECT_EQ(accept_text("1").status, Status::accepted);
}

TEST_F(EpochKeeperTest, I2_a_gateway_that_knew_the_redis_before_proves_the_one_whose_clock_is_behind) {
  const auto gateway = start_gateway("g1");
  ASSERT_TRUE(until([&] { return is_proven(); }));
  archive.tell(unknown);
  for (const auto shift : {-30'000ms, -3'600'000ms}) {
    const Cursor first = accept_text("1").cursor;
    replace_redis(shift);
    EXPECT_LT(now_ms(), first.epoch);
    const auto next = accept_text("2");
    EXPECT_EQ(next.status, Status::accepted);
    EXPECT_GT(next.cursor, first) << shift.count();
  }
}

TEST_F(EpochKeeperTest, I2_rooms_that_a_gateway_never_saw_are_proven_too) {
  const auto gateway = start_gateway("g1");
  ASSERT_TRUE(until([&] { return is_proven(); }));
  const Cursor first = accept_text("1", "unseen").cursor;
  archive.tell(unknown);
  replace_redis(-3'600'000ms);
  EXPECT_GT(accept_text("2", "unseen").cursor, first);
}

TEST_F(EpochKeeperTest,
       I2_a_gateway_that_knows_nothing_asks_kafka_and_postgresql_and_refuses_while_they_do_not_know) {
  constexpr std::int64_t stored = 7'000'000'000'000;
  archive.tell(unknown);
  const auto gateway = start_gateway("g1");
  EXPECT_EQ(accept_text("1").status, Status::unavailable);
  EXPECT_GT(archive.questions, 1);
  archive.tell({true, stored, false});
  ASSERT_TRUE(until([&] { return is_proven(); }));
  EXPECT_EQ(accept_text("1").cursor, (Cursor{stored + 1, 1}));
}

TEST_F(EpochKeeperTest, I2_what_members_saw_is_told_to_a_redis_that_another_gateway_has_proven) {
  const auto gateway = start_gateway("g1");
  ASSERT_TRUE(until([&] { return is_proven(); }));
  listener.seen = 7'000'000'000'000;
  ASSERT_TRUE(until([&] { return highest() == listener.seen; }));
  EXPECT_EQ(accept_text("1").cursor.epoch, listener.seen + 1);
}

TEST_F(EpochKeeperTest, a_redis_that_lost_its_keys_within_its_run_is_proven_again) {
  const auto gateway = start_gateway("g1");
  ASSERT_TRUE(until([&] { return is_proven(); }));
  const Cursor first = accept_text("1").cursor;
  archive.tell(unknown);
  redis({"FLUSHALL"});
  EXPECT_GT(accept_text("2").cursor, first);
}

TEST_F(EpochKeeperTest, I2_an_epoch_that_is_below_one_that_was_shown_gets_no_more_messages) {
  const auto gateway = start_gateway("g1");
  ASSERT_TRUE(until([&] { return is_proven(); }));
  const Cursor low = accept_text("1").cursor;
  const std::int64_t shown = low.epoch + 1'000'000;
  gateway->tell_epoch("general", shown);
  ASSERT_TRUE(until([&] { return highest() >= shown; }));
  EXPECT_EQ(accept_text("2").cursor, (Cursor{shown + 1, 1}));
  gateway->tell_epoch("general", shown);
  EXPECT_EQ(accept_text("3").cursor, (Cursor{shown + 1, 2}));
}

TEST_F(EpochKeeperTest, a_read_tells_whether_the_newest_epoch_began_under_the_present_run) {
  const auto gateway = start_gateway("g1");
  ASSERT_TRUE(until([&] { return is_proven(); }));
  const Cursor low = accept_text("1").cursor;
  EXPECT_EQ(read_since(low).begun, low);
  gateway->tell_epoch("general", low.epoch + 1'000'000);
  ASSERT_TRUE(until([&] { return highest() > low.epoch; }));
  const auto page = read_since({low.epoch, 0});
  EXPECT_EQ(page.begun, low);
  EXPECT_TRUE(page.complete);
  EXPECT_FALSE(page.same_run) << "there is more than this Redis knows";
  redis({"HSET", "chat:{general}:meta", "run", "another"});
  EXPECT_EQ(read_since(low).begun, std::nullopt);
}

}  // namespace
}  // namespace chat::test
