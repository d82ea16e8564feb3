#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "tests/unit/gateway/bus/store_fixture.hpp"

namespace chat::test {
namespace {

using gateway::AcceptReply;
using gateway::AcceptRequest;

class AcceptTest : public StoreTest {
 protected:
  using StoreTest::StoreTest;

  std::string stream_length() { return redis({"XLEN", "chat:{general}:log"}); }
};

TEST_F(AcceptTest, numbers_are_dense_from_1_and_the_epoch_is_the_clock) {
  const std::int64_t before = std::stoll(redis({"TIME"})) * 1000;
  const AcceptReply first = accept_text("1");
  EXPECT_EQ(first.status, Status::accepted);
  EXPECT_EQ(first.cursor.seq, 1);
  EXPECT_GE(first.cursor.epoch, before);
  EXPECT_LT(first.cursor.epoch, before + 60'000);
  for (std::int64_t seq = 2; seq <= 20; ++seq)
    EXPECT_EQ(accept_text("x").cursor, (Cursor{first.cursor.epoch, seq}));
  EXPECT_EQ(accept_text("other", "elsewhere").cursor.seq, 1);
}

TEST_F(AcceptTest, the_stream_holds_the_message_object_under_its_number_with_an_expiry) {
  const AcceptRequest asked = request("a \"b\" \\ c\n");
  const AcceptReply reply = accept(asked);
  const std::string id = std::to_string(reply.cursor.epoch) + "-1";
  EXPECT_EQ(redis({"XRANGE", "chat:{general}:log", "-", "+"}),
            id + " m " + gateway::make_message(asked, reply.cursor));
  EXPECT_EQ(redis({"HGET", "chat:{general}:meta", "epoch"}), std::to_string(reply.cursor.epoch));
  for (const char* key : {"chat:{general}:log", "chat:{general}:meta"})
    EXPECT_NEAR(std::stod(redis({"TTL", key})), 604800, 5) << key;
  EXPECT_NEAR(std::stod(redis({"TTL", "chat:{general}:ids:" + std::to_string(hour())})), 7200, 5);
}

TEST_F(AcceptTest, notes_the_room_as_active_with_the_time_of_its_last_message) {
  accept_text("x");
  const double now = std::stod(redis({"TIME"}));
  EXPECT_NEAR(std::stod(redis({"ZSCORE", "chat:active", "general"})), now, 5);
  redis({"ZADD", "chat:active", "1", "general"});
  accept_text("y");
  EXPECT_NEAR(std::stod(redis({"ZSCORE", "chat:active", "general"})), now, 5);
}

TEST_F(AcceptTest, I4_a_retry_gets_the_first_number_and_the_streams_entry_and_is_not_numbered_again) {
  AcceptRequest asked = request();
  const AcceptReply first = accept(asked);
  accept_text("in between");
  AcceptRequest retry = asked;
  retry.sender_name = "guest of another connection";
  const AcceptReply second = accept(retry);
  EXPECT_EQ(second.status, Status::duplicate);
  EXPECT_EQ(second.cursor, first.cursor);
  EXPECT_EQ(second.entry, gateway::make_message(asked, first.cursor));
  EXPECT_EQ(stream_length(), "2");
}

TEST_F(AcceptTest, I4_a_retry_in_the_next_hour_is_found_in_the_previous_hours_ids) {
  const AcceptRequest asked = request();
  const AcceptReply first = accept(asked);
  const std::int64_t now = hour();
  redis({"RENAME", "chat:{general}:ids:" + std::to_string(now),
         "chat:{general}:ids:" + std::to_string(now - 1)});
  const AcceptReply retry = accept(asked);
  EXPECT_EQ(retry.status, Status::duplicate);
  EXPECT_EQ(retry.cursor, first.cursor);
}

TEST_F(AcceptTest, a_duplicate_whose_entry_was_trimmed_has_its_number_and_no_entry) {
  const AcceptRequest asked = request();
  const AcceptReply first = accept(asked);
  redis({"XTRIM", "chat:{general}:log", "MAXLEN", "0"});
  const AcceptReply retry = accept(asked);
  EXPECT_EQ(retry.status, Status::duplicate);
  EXPECT_EQ(retry.cursor, first.cursor);
  EXPECT_EQ(retry.entry, "");
}

TEST_F(AcceptTest, an_id_with_another_text_is_a_conflict_and_does_nothing) {
  AcceptRequest asked = request("one");
  accept(asked);
  asked.text = "two";
  EXPECT_EQ(accept(asked).status, Status::conflict);
  EXPECT_EQ(stream_length(), "1");
}

TEST_F(AcceptTest, ids_are_compared_as_16_bytes_whatever_they_are) {
  AcceptRequest asked = request();
  asked.id.bytes = {0, 0, '\r', '\n', 0xff, 0x80, 0, '-', '1', ' ', '%', 's', '{', '}', 0, 0};
  EXPECT_EQ(accept(asked).status, Status::accepted);
  EXPECT_EQ(accept(asked).status, Status::duplicate);
  asked.id.bytes[15] = 1;
  EXPECT_EQ(accept(asked).status, Status::accepted);
  AcceptRequest same_id_elsewhere = asked;
  same_id_elsewhere.room = "elsewhere";
  EXPECT_EQ(accept(same_id_elsewhere).status, Status::accepted);
}

TEST_F(AcceptTest, the_longest_room_and_text_are_accepted) {
  const std::string room(128, 'r');
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "\xf0\x9f\x98\x80";
  const AcceptRequest asked = request(text, room);
  const AcceptReply reply = accept(asked);
  ASSERT_EQ(reply.status, Status::accepted);
  const auto page = read_last(1, room);
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0].message, gateway::make_message(asked, reply.cursor));
}

TEST_F(AcceptTest, I2_two_stores_share_one_order_without_a_hole) {
  gateway::RedisRoomStore other(context, server.settings(), metrics);
  other.start();
  ASSERT_TRUE(until([&] { return other.connected(); }));
  constexpr int each = 500;
  std::vector<std::int64_t> mine;
  std::vector<std::int64_t> others;
  for (int i = 0; i < each; ++i) {
    store.accept(request(), [&](const AcceptReply& reply) { mine.push_back(reply.cursor.seq); });
    other.accept(request(), [&](const AcceptReply& reply) { others.push_back(reply.cursor.seq); });
  }
  ASSERT_TRUE(until([&] { return mine.size() + others.size() == 2 * each; }));
  EXPECT_TRUE(std::ranges::is_sorted(mine));
  EXPECT_TRUE(std::ranges::is_sorted(others));
  std::set<std::int64_t> all(mine.begin(), mine.end());
  all.insert(others.begin(), others.end());
  EXPECT_EQ(all.size(), 2U * each);
  EXPECT_EQ(*all.rbegin(), 2 * each);
}

TEST_F(AcceptTest, an_epoch_at_or_over_the_floor_goes_on_and_one_below_it_ends) {
  const Cursor first = accept_text("1").cursor;
  AcceptRequest asked = request();
  asked.floor = first.epoch;
  EXPECT_EQ(accept(asked).cursor, (Cursor{first.epoch, 2}));
  asked = request();
  asked.floor = first.epoch + 1'000'000'000'000;
  EXPECT_EQ(accept(asked).cursor, (Cursor{asked.floor + 1, 1}));
  EXPECT_EQ(accept_text("after").cursor, (Cursor{asked.floor + 1, 2}));
}

TEST_F(AcceptTest, numbers_over_1e15_keep_their_digits) {
  AcceptRequest asked = request();
  asked.floor = 9'007'199'254'000'000;
  const AcceptReply reply = accept(asked);
  EXPECT_EQ(reply.cursor.epoch, 9'007'199'254'000'001);
  const auto page = read_last(1);
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0].cursor, reply.cursor);
  EXPECT_TRUE(gateway::parse_publication("general", page.entries[0].message));
  EXPECT_EQ(accept(asked).status, Status::duplicate);
}

TEST_F(AcceptTest, epochs_end_at_what_a_json_number_holds) {
  AcceptRequest asked = request();
  asked.floor = max_json_integer - 1;
  EXPECT_EQ(accept(asked).cursor.epoch, max_json_integer);
  EXPECT_EQ(accept_text("1", "another").status, Status::unavailable);
  EXPECT_EQ(accept(request("goes on")).cursor, (Cursor{max_json_integer, 2}));
}

TEST_F(AcceptTest, a_hash_behind_the_stream_begins_a_new_epoch_above_it) {
  const Cursor first = accept_text("1").cursor;
  accept_text("2");
  redis({"HSET", "chat:{general}:meta", "seq", "1"});
  const AcceptReply reply = accept_text("3");
  EXPECT_EQ(reply.status, Status::accepted);
  EXPECT_GT(reply.cursor.epoch, first.epoch);
  EXPECT_EQ(reply.cursor.seq, 1);
}

TEST_F(AcceptTest, a_missing_hash_begins_an_epoch_above_the_streams_last_even_with_the_clock_behind) {
  AcceptRequest asked = request();
  asked.floor = 5'000'000'000'000;
  const Cursor future = accept(asked).cursor;
  redis({"XTRIM", "chat:{general}:log", "MAXLEN", "0"});
  redis({"DEL", "chat:{general}:meta"});
  EXPECT_EQ(accept_text("x").cursor, (Cursor{future.epoch + 1, 1}));
}

TEST_F(AcceptTest, I2_no_number_comes_twice_after_flushall) {
  const Cursor first = accept_text("1").cursor;
  redis({"FLUSHALL"});
  prove_epochs();
  // Both can be within one millisecond of the clock: it is the floor that keeps the numbers apart then.
  AcceptRequest next = request("2");
  next.floor = first.epoch;
  EXPECT_GT(accept(next).cursor, first);
}

TEST_F(AcceptTest, a_flushed_script_is_loaded_again) {
  redis({"SCRIPT", "FLUSH"});
  EXPECT_EQ(accept_text("1").status, Status::unavailable);
  ASSERT_TRUE(ready());
  EXPECT_EQ(accept_text("2").cursor.seq, 1);
}

TEST_F(AcceptTest, I7_a_refusal_for_want_of_memory_burns_no_number_and_remembers_no_id) {
  const Cursor first = accept_text("1").cursor;
  redis({"CONFIG", "SET", "maxmemory", "1"});
  const AcceptRequest refused = request("2");
  EXPECT_EQ(accept(refused).status, Status::unavailable);
  EXPECT_TRUE(store.connected());
  EXPECT_EQ(read_last(10).entries.size(), 1U);
  redis({"CONFIG", "SET", "maxmemory", "0"});
  const AcceptReply again = accept(refused);
  EXPECT_EQ(again.status, Status::accepted);
  EXPECT_EQ(again.cursor, (Cursor{first.epoch, 2}));
}

TEST_F(AcceptTest, I7_a_refusal_by_the_stream_alone_burns_no_number_and_remembers_no_id) {
  const Cursor first = accept_text("1").cursor;
  redis({"SET", "chat:{general}:log", "not a stream"});
  const AcceptRequest refused = request("2");
  EXPECT_EQ(accept(refused).status, Status::unavailable);
  redis({"DEL", "chat:{general}:log"});
  const AcceptReply again = accept(refused);
  EXPECT_EQ(again.status, Status::accepted);
  EXPECT_EQ(again.cursor, (Cursor{first.epoch, 2}));
}

class ForbiddenTest : public AcceptTest {
 protected:
  void set_rights(std::vector<std::string> rights) {
    rights.insert(rights.begin(), {"ACL", "SETUSER", "default"});
    ASSERT_EQ(redis(rights), "OK");
  }
};

TEST_F(ForbiddenTest, I4_a_message_that_may_not_be_published_burns_no_number_and_its_id_is_not_remembered) {
  const Cursor first = accept_text("1").cursor;
  set_rights({"-publish"});
  const AcceptRequest refused = request("2");
  EXPECT_EQ(accept(refused).status, Status::unavailable);
  EXPECT_EQ(accept(refused).status, Status::unavailable) << "a retry must not pass for a duplicate";
  EXPECT_EQ(read_last(10).entries.size(), 1U);
  set_rights({"+publish"});
  EXPECT_EQ(accept_text("3").cursor, (Cursor{first.epoch, 2}));
  const AcceptReply again = accept(refused);
  EXPECT_EQ(again.status, Status::accepted);
  EXPECT_EQ(again.cursor, (Cursor{first.epoch, 3}));
  EXPECT_EQ(read_last(10).entries.size(), 3U);
}

TEST_F(ForbiddenTest, I4_the_first_message_of_a_room_that_may_not_be_published_leaves_nothing) {
  set_rights({"resetchannels", "&other"});
  const AcceptRequest refused = request("1");
  EXPECT_EQ(accept(refused).status, Status::unavailable);
  EXPECT_EQ(stream_length(), "0");
  EXPECT_NEAR(std::stod(redis({"TTL", "chat:{general}:log"})), 604800, 5);
  EXPECT_EQ(redis({"EXISTS", "chat:{general}:meta"}), "0");
  set_rights({"allchannels"});
  EXPECT_EQ(accept(refused).status, Status::accepted);
  EXPECT_EQ(read_last(10).entries.size(), 1U);
}

TEST_F(ForbiddenTest, I2_an_entry_that_may_not_be_taken_back_keeps_its_number) {
  const Cursor first = accept_text("1").cursor;
  set_rights({"-publish", "-xdel"});
  const AcceptRequest refused = request("2");
  EXPECT_EQ(accept(refused).status, Status::unavailable);
  set_rights({"+publish"});
  EXPECT_EQ(accept(refused).cursor, (Cursor{first.epoch, 2}));
  EXPECT_EQ(accept_text("3").cursor, (Cursor{first.epoch, 3}));
  EXPECT_EQ(read_last(10).entries.size(), 3U);
}

TEST_F(AcceptTest, keys_of_a_newer_release_are_neither_written_nor_read) {
  accept_text("x");
  redis({"HSET", "chat:epochs", "format", "1"});
  EXPECT_EQ(accept_text("y").status, Status::accepted);
  redis({"HSET", "chat:epochs", "format", "2"});
  EXPECT_EQ(accept_text("z").status, Status::unavailable);
  EXPECT_EQ(stream_length(), "2");
  EXPECT_FALSE(read_last(1).available);
}

TEST_F(AcceptTest, the_stream_is_capped) {
  gateway::RedisRoomStore capped(context, server.settings(), metrics, 200);
  capped.start();
  ASSERT_TRUE(until([&] { return capped.connected(); }));
  int done = 0;
  for (int i = 0; i < 1000; ++i) capped.accept(request(), [&](const AcceptReply&) { ++done; });
  ASSERT_TRUE(until([&] { return done == 1000; }));
  const int length = std::stoi(stream_length());
  EXPECT_GE(length, 200);
  EXPECT_LE(length, 400) << "whole nodes of the stream, of 100 entries, are cut";
}

TEST_F(AcceptTest, a_prefix_separates_rooms_of_one_redis) {
  auto settings = server.settings();
  settings.prefix = "staging:";
  gateway::RedisRoomStore other(context, settings, metrics);
  other.start();
  ASSERT_TRUE(until([&] { return other.connected(); }));
  redis({"HSET", "staging:chat:epochs", "run", admin.run_id(), "highest", "0"});
  std::optional<AcceptReply> reply;
  other.accept(request(), [&](AcceptReply got) { reply = std::move(got); });
  ASSERT_TRUE(until([&] { return reply.has_value(); }));
  EXPECT_EQ(redis({"KEYS", "*log"}), "staging:chat:{general}:log");
  EXPECT_EQ(accept_text("mine").cursor.seq, 1);
}

TEST_F(AcceptTest, while_redis_is_away_answers_come_soon_and_afterwards_a_new_epoch_begins) {
  const Cursor first = accept_text("1").cursor;
  server.kill();
  ASSERT_TRUE(until([&] { return !store.connected(); }));
  bool is_inside = true;
  std::optional<Status> status;
  store.accept(request(), [&](const AcceptReply& reply) {
    EXPECT_FALSE(is_inside) << "a handler ran inside the call";
    status = reply.status;
  });
  is_inside = false;
  ASSERT_TRUE(until([&] { return status.has_value(); }));
  EXPECT_EQ(*status, Status::unavailable);
  EXPECT_FALSE(read_last(1).available);
  server.start();
  ASSERT_TRUE(ready());
  EXPECT_GT(accept_text("2").cursor, first);
}

class EpochsTest : public AcceptTest {
 protected:
  static constexpr std::int64_t far = 7'000'000'000'000;

  void forget_proof() { redis({"DEL", "chat:epochs"}); }
};

TEST_F(EpochsTest, I2_no_epoch_begins_until_somebody_has_proven_where_the_earlier_ones_end) {
  forget_proof();
  const AcceptRequest refused = request("1");
  EXPECT_EQ(accept(refused).status, Status::unavailable);
  EXPECT_EQ(redis({"EXISTS", "chat:{general}:log", "chat:{general}:meta"}), "0");
  prove_epochs(far);
  const AcceptReply again = accept(refused);
  EXPECT_EQ(again.status, Status::accepted) << "the refusal remembered the id";
  EXPECT_EQ(again.cursor, (Cursor{far + 1, 1}));
}

TEST_F(EpochsTest, a_proof_of_another_run_proves_nothing) {
  redis({"HSET", "chat:epochs", "run", "another"});
  EXPECT_EQ(accept_text("1").status, Status::unavailable);
}

TEST_F(EpochsTest, a_room_that_has_its_epoch_needs_no_proof) {
  const Cursor first = accept_text("1").cursor;
  forget_proof();
  EXPECT_EQ(accept_text("2").cursor, (Cursor{first.epoch, 2}));
}

TEST_F(EpochsTest, what_waits_for_the_proof_is_accepted_in_order_once_it_is_there) {
  forget_proof();
  std::vector<std::string> order;
  const auto send = [&](const std::string& text) {
    store.accept(request(text), [&order, text](const AcceptReply& reply) {
      order.push_back(text + " " + std::to_string(reply.cursor.seq));
    });
  };
  send("a");
  send("b");
  EXPECT_EQ(redis({"EXISTS", "chat:{general}:log"}), "0");
  send("c");
  prove_epochs();
  ASSERT_TRUE(until([&] { return order.size() == 3; }));
  EXPECT_THAT(order, testing::ElementsAre("a 1", "b 2", "c 3"));
}

TEST_F(EpochsTest, every_epoch_is_above_all_that_were_begun_before_whatever_the_clock_says) {
  prove_epochs(far);
  EXPECT_EQ(accept_text("1", "one").cursor.epoch, far + 1);
  EXPECT_EQ(accept_text("1", "two").cursor.epoch, far + 2);
  redis({"DEL", "chat:{one}:meta", "chat:{one}:log"});
  EXPECT_EQ(accept_text("2", "one").cursor, (Cursor{far + 3, 1}));
}

TEST_F(EpochsTest, a_read_gives_an_empty_room_an_epoch_above_all_and_none_without_a_proof) {
  prove_epochs(far);
  EXPECT_EQ(read_last(1).newest, (Cursor{far + 1, 0}));
  EXPECT_EQ(accept_text("1").cursor, (Cursor{far + 1, 1}));
  forget_proof();
  EXPECT_EQ(read_last(1, "other").newest.seq, 0);
  EXPECT_EQ(redis({"EXISTS", "chat:{other}:meta"}), "0");
}

class ShiftedRedis : public AcceptTest {
 protected:
  ShiftedRedis() { server.shift_clock(std::chrono::milliseconds(0)); }

  void SetUp() override {
    server.kill();
    server.start();
    AcceptTest::SetUp();
  }
};

TEST_F(ShiftedRedis, I2_a_clock_that_jumps_within_a_run_changes_no_order) {
  const Cursor first = accept_text("1").cursor;
  server.shift_clock(std::chrono::hours(-1));
  EXPECT_EQ(accept_text("2").cursor, (Cursor{first.epoch, 2}));
  redis({"DEL", "chat:{general}:meta", "chat:{general}:log"});
  const Cursor behind = accept_text("3").cursor;
  EXPECT_EQ(behind, (Cursor{first.epoch + 1, 1}));
  server.shift_clock(std::chrono::hours(24 * 365 * 73));
  EXPECT_GT(accept_text("4").cursor, behind) << "though all that expires has expired";
  const Cursor ahead = accept_text("1", "another").cursor;
  EXPECT_GT(ahead.epoch, first.epoch + 73LL * 365 * 24 * 3'600'000 - 60'000);
  server.shift_clock(std::chrono::milliseconds(0));
  redis({"DEL", "chat:{another}:meta", "chat:{another}:log"});
  EXPECT_EQ(accept_text("2", "another").cursor, (Cursor{ahead.epoch + 1, 1}));
}

class KeepingRedis : public AcceptTest {
 protected:
  KeepingRedis() : AcceptTest({"--appendonly", "yes", "--appendfsync", "always"}) {}
};

TEST_F(KeepingRedis, I2_a_restart_with_the_file_begins_a_new_epoch_and_keeps_the_messages) {
  const AcceptRequest asked = request();
  const Cursor first = accept(asked).cursor;
  server.kill();
  ASSERT_TRUE(until([&] { return !store.connected(); }));
  server.start();
  ASSERT_TRUE(ready());
  const Cursor next = accept_text("2").cursor;
  EXPECT_GT(next.epoch, first.epoch);
  EXPECT_EQ(next.seq, 1);
  EXPECT_EQ(accept(asked).status, Status::duplicate);
  EXPECT_EQ(read_last(10).entries.size(), 2U);
}

TEST_F(KeepingRedis, I2_a_restart_without_the_file_begins_a_new_epoch_above_the_floor) {
  AcceptRequest asked = request();
  asked.floor = 5'000'000'000'000;
  const Cursor first = accept(asked).cursor;
  server.kill();
  server.wipe();
  ASSERT_TRUE(until([&] { return !store.connected(); }));
  server.start();
  ASSERT_TRUE(ready());
  AcceptRequest next = request();
  next.floor = first.epoch;
  EXPECT_EQ(accept(next).cursor, (Cursor{first.epoch + 1, 1}));
}

}  // namespace
}  // namespace chat::test
