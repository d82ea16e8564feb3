#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "tests/unit/gateway/bus/store_fixture.hpp"

namespace chat::test {
namespace {

using gateway::AcceptReply;
using gateway::ReadReply;

class ReadTest : public StoreTest {
 protected:
  using StoreTest::StoreTest;

  /// Accepts messages; the last one's cursor.
  Cursor fill(int messages, const std::string& text = "x") {
    int done = 0;
    Cursor last;
    for (int i = 0; i < messages; ++i)
      store.accept(request(text), [&](const AcceptReply& reply) {
        ++done;
        last = reply.cursor;
      });
    EXPECT_TRUE(until([&] { return done == messages; }));
    return last;
  }

  static std::vector<std::int64_t> seqs(const ReadReply& reply) {
    std::vector<std::int64_t> all;
    for (const auto& entry : reply.entries) all.push_back(entry.cursor.seq);
    return all;
  }
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ReadTest, a_room_without_any_message_has_the_clock_as_epoch) {
  const std::int64_t before = std::stoll(redis({"TIME"})) * 1000;
  const ReadReply reply = read_last(10);
  EXPECT_TRUE(reply.available);
  EXPECT_GE(reply.newest.epoch, before);
  EXPECT_EQ(reply.newest.seq, 0);
  EXPECT_EQ(reply.stored, Cursor{});
  EXPECT_THAT(reply.entries, IsEmpty());
  EXPECT_TRUE(reply.complete);
  EXPECT_FALSE(reply.more);
}

TEST_F(ReadTest, I3_the_cursor_of_an_empty_room_proves_what_comes_after_it) {
  const Cursor empty = read_last(0).newest;
  EXPECT_EQ(read_last(0).newest, empty) << "every gateway is told the same";
  EXPECT_NEAR(std::stod(redis({"TTL", "chat:{general}:meta"})), 3600, 5);
  EXPECT_EQ(accept_text("first").cursor, (Cursor{empty.epoch, 1}));
  EXPECT_NEAR(std::stod(redis({"TTL", "chat:{general}:meta"})), 604800, 5);
  accept_text("second");
  const ReadReply reply = read_since(empty);
  EXPECT_THAT(seqs(reply), ElementsAre(1, 2));
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(reply.same_run);
}

TEST_F(ReadTest, I2_an_empty_rooms_epoch_is_left_where_messages_of_it_or_a_later_one_were_seen) {
  for (const int later : {0, 1}) {
    redis({"FLUSHALL"});
    prove_epochs();
    auto asked = request();
    asked.floor = read_last(0).newest.epoch + later;
    const Cursor first = accept(asked).cursor;
    EXPECT_GT(first.epoch, asked.floor);
    EXPECT_EQ(first.seq, 1);
  }
}

TEST_F(ReadTest, I3_a_cursor_beyond_an_empty_room_shows_that_messages_were_lost_and_ends_its_epoch) {
  const Cursor empty = read_last(0).newest;
  const ReadReply reply = read_since({empty.epoch, 3});
  EXPECT_FALSE(reply.complete);
  EXPECT_FALSE(reply.same_run);
  EXPECT_EQ(redis({"KEYS", "chat:{general}*"}), "");
  const Cursor far{max_json_integer, 1};
  EXPECT_FALSE(read_since(far).same_run);
  EXPECT_EQ(redis({"KEYS", "chat:{general}*"}), "") << "an epoch was noted below one that was seen";
}

TEST_F(ReadTest, a_page_of_older_messages_notes_no_epoch_and_neither_does_a_stream_trimmed_to_nothing) {
  EXPECT_EQ(read({"general", std::nullopt, 9, Cursor{1, 1}}).newest.seq, 0);
  EXPECT_EQ(redis({"KEYS", "chat:{general}*"}), "");
  const Cursor old = fill(2);
  redis({"XTRIM", "chat:{general}:log", "MAXLEN", "0"});
  redis({"DEL", "chat:{general}:meta"});
  EXPECT_EQ(read_last(0).newest.seq, 0);
  EXPECT_EQ(redis({"EXISTS", "chat:{general}:meta"}), "0");
  EXPECT_GT(accept_text("later").cursor, old);
}

TEST_F(ReadTest, an_empty_room_is_told_by_a_redis_that_takes_no_writes) {
  redis({"CONFIG", "SET", "maxmemory", "1"});
  const ReadReply reply = read_last(0);
  EXPECT_TRUE(reply.available);
  EXPECT_EQ(reply.newest.seq, 0);
  EXPECT_FALSE(reply.same_run);
}

TEST_F(ReadTest, the_last_messages_come_oldest_first) {
  const Cursor newest = fill(10);
  const ReadReply reply = read_last(3);
  EXPECT_EQ(reply.newest, newest);
  EXPECT_THAT(seqs(reply), ElementsAre(8, 9, 10));
  EXPECT_TRUE(reply.complete);
  EXPECT_FALSE(reply.more);
  EXPECT_THAT(seqs(read_last(0)), IsEmpty());
  EXPECT_EQ(read_last(100).entries.size(), 10U);
}

TEST_F(ReadTest, I3_what_came_after_a_cursor_is_complete_when_its_first_follows) {
  const Cursor newest = fill(5);
  const ReadReply reply = read_since({newest.epoch, 2});
  EXPECT_THAT(seqs(reply), ElementsAre(3, 4, 5));
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(read_since({newest.epoch, 0}).complete);
}

TEST_F(ReadTest, I3_nothing_after_the_newest_is_complete) {
  const Cursor newest = fill(5);
  const ReadReply reply = read_since(newest);
  EXPECT_THAT(reply.entries, IsEmpty());
  EXPECT_TRUE(reply.complete);
}

TEST_F(ReadTest, I3_a_trimmed_beginning_is_not_complete) {
  const Cursor newest = fill(5);
  redis({"XTRIM", "chat:{general}:log", "MAXLEN", "2"});
  const ReadReply reply = read_since({newest.epoch, 2});
  EXPECT_THAT(seqs(reply), ElementsAre(4, 5));
  EXPECT_FALSE(reply.complete);
  EXPECT_TRUE(read_since({newest.epoch, 3}).complete);
}

TEST_F(ReadTest, I3_a_stream_trimmed_to_nothing_is_not_complete) {
  const Cursor newest = fill(5);
  redis({"XTRIM", "chat:{general}:log", "MAXLEN", "0"});
  EXPECT_FALSE(read_since({newest.epoch, 2}).complete);
  EXPECT_TRUE(read_since(newest).complete);
}

TEST_F(ReadTest, I3_a_cursor_beyond_the_newest_is_answered_like_none_and_not_complete) {
  const Cursor newest = fill(5);
  for (const Cursor beyond :
       {Cursor{newest.epoch, 6}, Cursor{newest.epoch + 1, 1}, Cursor{max_json_integer, 1}}) {
    const ReadReply reply = read({"general", beyond, 2});
    EXPECT_THAT(seqs(reply), ElementsAre(4, 5));
    EXPECT_FALSE(reply.complete);
  }
}

TEST_F(ReadTest, I3_a_cursor_of_an_older_epoch_gets_what_the_stream_has_and_is_not_complete) {
  const Cursor old = fill(3);
  auto asked = request();
  asked.floor = old.epoch + 1;
  const Cursor newest = accept(asked).cursor;
  const ReadReply reply = read_since({old.epoch, 2});
  ASSERT_EQ(reply.entries.size(), 2U);
  EXPECT_EQ(reply.entries[0].cursor, (Cursor{old.epoch, 3}));
  EXPECT_EQ(reply.entries[1].cursor, newest);
  EXPECT_FALSE(reply.complete);
  EXPECT_EQ(read_since({0, 0}).entries.size(), 4U);
}

TEST_F(ReadTest, a_page_has_at_most_1000_messages_and_says_that_there_are_more) {
  const Cursor newest = fill(1005);
  const ReadReply first = read_since({newest.epoch, 0});
  EXPECT_EQ(first.entries.size(), 1000U);
  EXPECT_TRUE(first.more);
  EXPECT_TRUE(first.complete);
  const ReadReply second = read_since(first.entries.back().cursor);
  EXPECT_THAT(seqs(second), ElementsAre(1001, 1002, 1003, 1004, 1005));
  EXPECT_FALSE(second.more);
  EXPECT_TRUE(second.complete);
  fill(995);
  EXPECT_FALSE(read_since({newest.epoch, 1000}).more) << "exactly 1,000 are left";
}

TEST_F(ReadTest, a_page_is_cut_at_256_kib) {
  const Cursor newest = fill(40, std::string(16000, 'x'));
  const ReadReply page = read_since({newest.epoch, 0});
  EXPECT_TRUE(page.more);
  std::size_t bytes = 0;
  for (const auto& entry : page.entries) bytes += entry.message.size();
  EXPECT_LE(bytes, 262144U);
  EXPECT_GT(bytes, 262144U - 17000U);
  const ReadReply history = read_last(40);
  EXPECT_EQ(history.entries.size(), page.entries.size());
  EXPECT_EQ(history.entries.back().cursor, newest) << "the newest stay when a page is cut";
  EXPECT_FALSE(history.more);
}

TEST_F(ReadTest, a_page_has_at_least_one_message_however_large) {
  const Cursor newest = fill(2, std::string(300'000, 'x'));
  const ReadReply page = read_since({newest.epoch, 0});
  EXPECT_THAT(seqs(page), ElementsAre(1));
  EXPECT_TRUE(page.more);
  EXPECT_THAT(seqs(read_last(2)), ElementsAre(2));
}

TEST_F(ReadTest, the_last_messages_before_a_cursor_come_oldest_first_and_say_whether_there_are_older_ones) {
  const Cursor newest = fill(5);
  const auto before = [&](std::int64_t epoch, std::int64_t seq, std::size_t limit) {
    return read({"general", std::nullopt, limit, Cursor{epoch, seq}});
  };
  EXPECT_THAT(seqs(before(newest.epoch, 4, 2)), ElementsAre(2, 3));
  EXPECT_TRUE(before(newest.epoch, 4, 2).more);
  EXPECT_THAT(seqs(before(newest.epoch, 4, 3)), ElementsAre(1, 2, 3));
  EXPECT_FALSE(before(newest.epoch, 4, 3).more);
  EXPECT_THAT(seqs(before(newest.epoch + 1, 0, 9)), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(seqs(before(newest.epoch, 1, 9)), IsEmpty());
  const ReadReply least = before(0, 0, 9);
  EXPECT_TRUE(least.available) << "Redis has no place in front of 0-0";
  EXPECT_THAT(seqs(least), IsEmpty());
}

TEST_F(ReadTest, the_stored_watermark_is_told) {
  redis({"SET", "chat:{general}:stored", "1700000000000-42"});
  EXPECT_EQ(read_last(0).stored, (Cursor{1'700'000'000'000, 42}));
  redis({"SET", "chat:{general}:stored", "nonsense"});
  EXPECT_EQ(read_last(0).stored, Cursor{});
}

TEST_F(ReadTest, a_lost_hash_leaves_the_streams_last_as_the_newest) {
  const Cursor newest = fill(3);
  redis({"DEL", "chat:{general}:meta"});
  const ReadReply reply = read_since({newest.epoch, 1});
  EXPECT_EQ(reply.newest, newest);
  EXPECT_THAT(seqs(reply), ElementsAre(2, 3));
  EXPECT_FALSE(reply.complete);
}

class KeepingRead : public ReadTest {
 protected:
  KeepingRead() : ReadTest({"--appendonly", "yes", "--appendfsync", "always"}) {}
};

TEST_F(KeepingRead, I3_after_a_restart_the_end_of_the_epoch_is_not_proven) {
  const Cursor newest = fill(3);
  EXPECT_TRUE(read_last(0).same_run);
  server.kill();
  ASSERT_TRUE(until([&] { return !store.connected(); }));
  server.start();
  ASSERT_TRUE(ready());
  const ReadReply reply = read_since({newest.epoch, 1});
  EXPECT_THAT(seqs(reply), ElementsAre(2, 3));
  EXPECT_FALSE(reply.same_run);
  EXPECT_FALSE(reply.complete) << "the file may have been older than what was shown";
  EXPECT_FALSE(read_since(newest).complete);
  EXPECT_TRUE(read_last(3).complete);
}

TEST_F(KeepingRead, I3_after_a_restart_the_epoch_of_an_empty_room_proves_nothing_and_ends) {
  const Cursor empty = read_last(0).newest;
  server.kill();
  ASSERT_TRUE(until([&] { return !store.connected(); }));
  server.start();
  ASSERT_TRUE(ready());
  const ReadReply reply = read_since(empty);
  EXPECT_EQ(reply.newest, empty);
  EXPECT_FALSE(reply.same_run);
  EXPECT_FALSE(reply.complete);
  EXPECT_GT(accept_text("first").cursor.epoch, empty.epoch);
}

}  // namespace
}  // namespace chat::test
