// What a new connection goes through, on real databases that do not fit.
#include "persister/store/prepare_database.hpp"

#include "tests/unit/persister/store/store_fixture.hpp"

namespace chat::persister {
namespace {

using postgres::Database;
using postgres::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PrepareDatabaseTest : public test::StoreFixture {
 protected:
  static std::optional<postgres::Failure> use(const std::string& url) {
    postgres::DatabaseSettings settings;
    settings.url = url;
    Database database(settings, prepare_database);
    return PostgresStore(database, "MESSAGES").rehearse();
  }
};

TEST_F(PrepareDatabaseTest, MakesTheTablesOfANewDatabase) {
  const auto failure = use(chat::test::PostgresServer::running().new_database());
  EXPECT_FALSE(failure) << failure->message;
}

TEST_F(PrepareDatabaseTest, RefusesADatabaseThatCannotHoldTheMessages) {
  const auto failure = use(chat::test::PostgresServer::running().new_database(
      "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::alarm);
  const Trouble trouble = postgres::trouble_of(*failure);
  EXPECT_EQ(trouble.cause, "encoding");
  EXPECT_THAT(trouble.reason, HasSubstr("LATIN1"));
  EXPECT_THAT(trouble.remedy, HasSubstr("ENCODING 'UTF8'"));
}

TEST_F(PrepareDatabaseTest, RefusesADatabaseThatIsOnlyRead) {
  const auto failure = use(settings_.url + "&options=-c%20default_transaction_read_only%3Don");
  ASSERT_TRUE(failure);
  EXPECT_EQ(postgres::trouble_of(*failure).cause, "read_only");
}

TEST_F(PrepareDatabaseTest, RefusesColumnsThatTakeDifferentRoomsForTheSame) {
  run("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); "
      "ALTER TABLE messages ALTER room TYPE text COLLATE loose");
  const auto failure = use(settings_.url);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::alarm);
  EXPECT_THAT(failure->message, HasSubstr("room"));
}

TEST_F(PrepareDatabaseTest, MigratesAgainWhereADatabaseOfAnOlderReleaseWasRestored) {
  Database database(settings_, prepare_database);
  PostgresStore store(database, "MESSAGES");
  ASSERT_FALSE(store.rehearse());
  run("DROP TABLE void_numbers; DELETE FROM schema_migrations WHERE name = '0002_void_numbers'; "
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  const auto failure = store.rehearse();
  EXPECT_FALSE(failure) << failure->message;
  EXPECT_THAT(column("SELECT count(*) FROM void_numbers"), ElementsAre("0"));
}

}  // namespace
}  // namespace chat::persister
