#include "persister/holes/hole_store.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "persister/migrations/migrate.hpp"
#include "persister/store/postgres_store.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/unit/persister/holes/messages.hpp"
#include "tests/unit/persister/records.hpp"
#include "tests/unit/persister/store/advances.hpp"

namespace chat::persister {
namespace {

using postgres::Database;
using postgres::Transaction;
using test::epoch;
using test::stream_entry;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HoleStoreTest : public ::testing::Test {
 protected:
  HoleStoreTest() {
    settings_.url = chat::test::PostgresServer::running().new_database();
    Database database(settings_);
    if (const auto failure = migrate(database, embedded_migrations()))
      throw std::runtime_error(failure->message);
    store_ = std::make_unique<HoleStore>(settings_, "MESSAGES");
  }

  std::vector<std::string> column(const std::string& sql) {
    Database database(settings_);
    std::vector<std::string> values;
    const auto failure = database.transact([&](Transaction& t) {
      for (const auto& row : t.execute(sql).rows) values.push_back(row.at(0).value_or("NULL"));
    });
    if (failure) values = {failure->message};
    return values;
  }
  std::vector<std::string> rows() {
    return column("SELECT seq || ' ' || text FROM messages ORDER BY epoch, seq");
  }
  std::vector<std::string> voids() {
    return column("SELECT seq || ' ' || reason FROM void_numbers ORDER BY epoch, seq");
  }

  /// As the pipeline stores a record.
  StoreOutcome store_record(std::int64_t seq, const Uuid& id, const std::string& text = "hello") {
    auto message = test::make_message(text);
    message.id = id;
    message.cursor = {epoch, seq};
    Database database(settings_);
    const std::vector<Row> records{test::make_row(message, 3, 40 + seq)};
    PostgresStore store(database, "MESSAGES");
    return store.store(records, test::advances_to(store, {{3, 41 + seq}}), {}, {});
  }

  PageOutcome resolve(std::vector<StreamEntry> entries, std::int64_t candidate) {
    PageOutcome outcome = store_->resolve(
        proven_, make_page({epoch, 0}, {epoch, candidate}, std::move(entries), false, 10'000));
    EXPECT_FALSE(outcome.failure) << outcome.failure->message;
    return outcome;
  }

  postgres::DatabaseSettings settings_;
  std::unique_ptr<HoleStore> store_;
  const Uuid a_ = random_uuid();
  const Uuid b_ = random_uuid();
  ProvenRoom proven_{"general", 3, {}, {}, {}};
};

TEST_F(HoleStoreTest, I3WritesTheRowThatTheLostRecordWouldHaveMade) {
  store_record(1, a_);
  const auto outcome =
      resolve({stream_entry(1, a_), stream_entry({epoch, 2}, b_, "héllo \"quoted\" \\ {a,b} NULL\n")}, 2);
  EXPECT_EQ(outcome.inserted, 1U);
  EXPECT_EQ(outcome.lost, 0U);
  EXPECT_EQ(outcome.first_hole, (Cursor{epoch, 2}));
  EXPECT_THAT(outcome.stored, ElementsAre(Cursor{epoch, 1}, Cursor{epoch, 2}));
  EXPECT_THAT(column("SELECT id || ' ' || room || ' ' || epoch || ' ' || seq || ' ' || sender || ' ' || "
                     "sender_name || ' ' || (extract(epoch FROM sent_at) * 1000)::bigint || ' ' || "
                     "kafka_partition || ' ' || kafka_offset FROM messages WHERE seq = 2"),
              ElementsAre(to_string(b_) + " general 1764000000000 2 guest-1 Guest 1764000000123 3 -1"));
  EXPECT_THAT(column("SELECT text FROM messages WHERE seq = 2"),
              ElementsAre("héllo \"quoted\" \\ {a,b} NULL\n"));
}

TEST_F(HoleStoreTest, KeepsTheSpellingOfTheId) {
  const std::string spelled = "A0EEBC99-9c0b-4EF8-BB6D-6BB9BD380A11";
  StreamEntry entry = stream_entry(1, *parse_uuid(spelled));
  entry.message.replace(entry.message.find(to_string(*parse_uuid(spelled))), spelled.size(), spelled);
  EXPECT_EQ(resolve({entry, stream_entry(2, b_)}, 2).inserted, 2U);
  EXPECT_THAT(column("SELECT coalesce(id_as_sent, 'none') FROM messages ORDER BY seq"),
              ElementsAre(spelled, "none"));
}

TEST_F(HoleStoreTest, I1ARecordThatStillComesThroughKafkaFindsTheRow) {
  resolve({stream_entry(1, a_)}, 1);
  const auto late = store_record(1, a_);
  ASSERT_FALSE(late.failure);
  EXPECT_EQ(late.inserted, 0U);
  EXPECT_EQ(late.duplicates, 1U);
  EXPECT_THAT(rows(), ElementsAre("1 hello"));
  EXPECT_THAT(voids(), IsEmpty());
}

TEST_F(HoleStoreTest, LostNumbersAreCountedOnce) {
  store_record(3, a_);
  auto outcome = resolve({stream_entry(3, a_)}, 4);
  EXPECT_EQ(outcome.lost, 3U);
  EXPECT_EQ(outcome.first_hole, (Cursor{epoch, 1}));
  EXPECT_THAT(outcome.stored, ElementsAre(Cursor{epoch, 3}));
  EXPECT_THAT(voids(), ElementsAre("1 lost", "2 lost", "4 lost"));
  outcome = resolve({stream_entry(3, a_)}, 4);
  EXPECT_EQ(outcome.lost, 0U);
  EXPECT_THAT(outcome.voids, ElementsAre(Cursor{epoch, 1}, Cursor{epoch, 2}, Cursor{epoch, 4}));
}

TEST_F(HoleStoreTest, AnIdThatIsStoredElsewhereIsNotedAndNotCounted) {
  store_record(1, a_);
  const auto outcome = resolve({stream_entry(1, a_), stream_entry(2, a_)}, 2);
  EXPECT_EQ(outcome.lost + outcome.inserted, 0U);
  EXPECT_THAT(outcome.stored, ElementsAre(Cursor{epoch, 1}, Cursor{epoch, 2}));
  EXPECT_THAT(voids(), ElementsAre("2 stored under another number"));
}

TEST_F(HoleStoreTest, AnIdThatIsStoredElsewhereWithAnotherTextIsLost) {
  store_record(1, a_, "first");
  const auto outcome =
      resolve({stream_entry({epoch, 1}, a_, "first"), stream_entry({epoch, 2}, a_, "second")}, 2);
  EXPECT_EQ(outcome.lost, 1U);
  EXPECT_THAT(rows(), ElementsAre("1 first"));
  EXPECT_THAT(voids(), ElementsAre("2 lost: its id is stored with another text"));
}

TEST_F(HoleStoreTest, WhatPostgresRefusesIsSetAsideAndTheOthersAreStored) {
  ASSERT_THAT(column("ALTER TABLE messages ADD CHECK (text <> 'bad')"), IsEmpty());
  const auto outcome = resolve(
      {stream_entry({epoch, 1}, a_, "good"), stream_entry({epoch, 2}, b_, "bad"), stream_entry(3)}, 3);
  EXPECT_EQ(outcome.inserted, 2U);
  EXPECT_EQ(outcome.lost, 1U);
  EXPECT_THAT(rows(), ElementsAre("1 good", "3 hello"));
  EXPECT_THAT(voids(), ElementsAre("2 lost: PostgreSQL refuses its message"));
  EXPECT_THAT(outcome.voids, ElementsAre(Cursor{epoch, 2}));
}

TEST_F(HoleStoreTest, WhatATriggerDropsIsSetAsideAndTheOthersAreStored) {
  ASSERT_THAT(
      column("CREATE FUNCTION drop_bad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
             "IF NEW.text = 'bad' THEN RETURN NULL; END IF; RETURN NEW; END $$; CREATE TRIGGER drop_bad "
             "BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION drop_bad()"),
      IsEmpty());
  const auto outcome = resolve(
      {stream_entry({epoch, 1}, a_, "good"), stream_entry({epoch, 2}, b_, "bad"), stream_entry(3)}, 3);
  EXPECT_EQ(outcome.inserted, 2U);
  EXPECT_THAT(rows(), ElementsAre("1 good", "3 hello"));
  EXPECT_THAT(voids(), ElementsAre("2 lost: PostgreSQL refuses its message"));
}

TEST_F(HoleStoreTest, KnowsThePositions) {
  store_record(1, a_);
  const auto positions = store_->positions();
  ASSERT_TRUE(positions);
  EXPECT_EQ(positions->at(3).next_offset, 42);
}

TEST_F(HoleStoreTest, SaysNothingWhilePostgresIsAway) {
  chat::test::PostgresServer::running().stop();
  const auto positions = store_->positions();
  const auto outcome =
      store_->resolve(proven_, make_page({epoch, 0}, {epoch, 1}, {stream_entry(1, a_)}, false, 10'000));
  chat::test::PostgresServer::running();
  EXPECT_FALSE(positions);
  ASSERT_TRUE(outcome.failure);
  EXPECT_THAT(outcome.stored, IsEmpty());
  EXPECT_EQ(resolve({stream_entry(1, a_)}, 1).inserted, 1U);
}

TEST_F(HoleStoreTest, I3WhatWasDeletedIsNeitherLostNorStoredAgain) {
  store_record(3, a_);
  ASSERT_THAT(column("INSERT INTO room_floors (room, epoch, seq) VALUES ('general', " +
                     std::to_string(epoch) + ", 2)"),
              IsEmpty());
  const auto outcome = resolve({stream_entry(2, b_), stream_entry(3, a_)}, 3);
  EXPECT_EQ(outcome.inserted, 0U);
  EXPECT_EQ(outcome.lost, 0U);
  EXPECT_THAT(outcome.stored, ElementsAre(Cursor{epoch, 1}, Cursor{epoch, 2}, Cursor{epoch, 3}));
  EXPECT_THAT(rows(), ElementsAre("3 hello"));
  EXPECT_THAT(voids(), IsEmpty());
}

}  // namespace
}  // namespace chat::persister
