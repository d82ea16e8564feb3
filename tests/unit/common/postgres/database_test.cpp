#include "common/postgres/database.hpp"

#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/postgres_server.hpp"

namespace chat::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::PostgresServer;
using ::testing::HasSubstr;
using ::testing::Not;

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() { settings_.url = PostgresServer::running().new_database(); }

  /// Runs one statement in a transaction of its own.
  static std::optional<Failure> run(Database& database, const std::string& sql) {
    return database.transact([&](Transaction& t) { t.execute(sql); });
  }

  static std::string read(Database& database, const std::string& sql) {
    std::string value;
    const auto failure =
        database.transact([&](Transaction& t) { value = t.execute(sql).rows.at(0).at(0).value_or("NULL"); });
    return failure ? "failed: " + failure->message : value;
  }

  DatabaseSettings settings_;
};

TEST_F(DatabaseTest, CommitsWhatTheWorkDid) {
  Database database(settings_);
  EXPECT_FALSE(run(database, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)"));
  EXPECT_EQ(read(database, "SELECT sum(a) FROM t"), "3");
  EXPECT_EQ(read(database, "SELECT NULL"), "NULL");
}

TEST_F(DatabaseTest, CountsTheRowsThatAStatementChanged) {
  Database database(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  EXPECT_FALSE(database.transact([](Transaction& t) {
    EXPECT_EQ(t.execute("INSERT INTO t SELECT generate_series(1, $1::int)", {"7"}).affected, 7u);
  }));
}

TEST_F(DatabaseTest, RollsBackWhereTheWorkThrows) {
  Database database(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  const auto failure = database.transact([](Transaction& t) {
    t.execute("INSERT INTO t VALUES (1)");
    throw std::runtime_error("the work gave up");
  });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::pause);
  EXPECT_EQ(read(database, "SELECT count(*) FROM t"), "0");
}

TEST_F(DatabaseTest, KeepsItsConnectionWhileAllGoesWellAndDropsItAfterAFailure) {
  Database database(settings_);
  const auto first = read(database, "SELECT pg_backend_pid()");
  EXPECT_EQ(read(database, "SELECT pg_backend_pid()"), first);
  ASSERT_TRUE(run(database, "SELECT 1 / 0"));
  EXPECT_NE(read(database, "SELECT pg_backend_pid()"), first);
}

TEST_F(DatabaseTest, ClassifiesRealErrors) {
  Database database(settings_);
  ASSERT_FALSE(
      run(database,
          "CREATE TABLE t (a int CHECK (a > 0), b varchar(2)); CREATE DOMAIN short AS text CHECK "
          "(length(VALUE) < 3); CREATE VIEW small AS SELECT a FROM t WHERE a < 10 WITH CHECK OPTION; "
          "CREATE FUNCTION raise_state(state text) RETURNS void LANGUAGE plpgsql AS "
          "$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = state; END $$"));
  const struct {
    const char* sql;
    const char* sqlstate;
    Response response;
  } cases[] = {
      {"INSERT INTO t VALUES (-1)", "23514", Response::poison},
      {"INSERT INTO t VALUES (1, 'long')", "22001", Response::poison},
      {"SELECT 'x'::int", "22P02", Response::poison},
      {"SELECT convert_from('\\xff', 'UTF8')", "22021", Response::poison},
      {"DO $$ BEGIN RAISE EXCEPTION 'refused'; END $$", "P0001", Response::poison},
      {"DO $$ BEGIN ASSERT false, 'refused'; END $$", "P0004", Response::poison},
      {"SELECT raise_state('U0001')", "U0001", Response::poison},
      {"SELECT raise_state('45000')", "45000", Response::poison},
      {"SELECT 'long'::short", "23514", Response::poison},
      {"INSERT INTO small VALUES (11)", "44000", Response::poison},
      {"SELECT (SELECT a FROM (VALUES (1), (2)) AS two (a))", "21000", Response::poison},
      {"SELECT raise_state('53100')", "53100", Response::alarm},
      {"SELECT raise_state('XX001')", "XX001", Response::alarm},
      {"SELECT raise_state('0A000')", "0A000", Response::alarm},
      {"SELECT * FROM missing", "42P01", Response::alarm},
      {"SELECT missing FROM t", "42703", Response::alarm},
      {"SET TRANSACTION READ ONLY; INSERT INTO t VALUES (1)", "25006", Response::alarm},
  };
  for (const auto& [sql, sqlstate, response] : cases) {
    const auto failure = run(database, sql);
    ASSERT_TRUE(failure) << sql;
    EXPECT_EQ(failure->sqlstate, sqlstate) << sql;
    EXPECT_EQ(failure->response, response) << sql;
    EXPECT_THAT(failure->message, Not(HasSubstr("\n"))) << sql;
  }
}

TEST_F(DatabaseTest, TellsThatAPrivilegeIsMissing) {
  Database database(settings_);
  ASSERT_FALSE(run(
      database, "CREATE TABLE t (a int); CREATE ROLE weak_role; GRANT USAGE ON SCHEMA public TO weak_role"));
  const auto failure = run(database, "SET LOCAL ROLE weak_role; SELECT * FROM t");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::alarm);
  EXPECT_FALSE(run(database, "REVOKE ALL ON SCHEMA public FROM weak_role; DROP ROLE weak_role"));
}

TEST_F(DatabaseTest, RetriesADeadlock) {
  Database one(settings_);
  Database two(settings_);
  ASSERT_FALSE(run(one, "CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 0), (2, 0)"));
  std::latch both_hold(2);
  const auto lock_in_order = [&](Database& database, const char* first, const char* second) {
    return database.transact([&](Transaction& t) {
      t.execute("UPDATE t SET b = b + 1 WHERE a = $1::int", {first});
      both_hold.arrive_and_wait();
      t.execute("UPDATE t SET b = b + 1 WHERE a = $1::int", {second});
    });
  };
  std::optional<Failure> other;
  std::thread thread([&] { other = lock_in_order(two, "2", "1"); });
  const auto mine = lock_in_order(one, "1", "2");
  thread.join();
  ASSERT_NE(mine.has_value(), other.has_value()) << "exactly one is the victim";
  EXPECT_EQ((mine ? mine : other)->response, Response::retry);
}

TEST_F(DatabaseTest, RetriesASerializationFailure) {
  Database database(settings_);
  const auto failure = run(database, "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::retry);
}

TEST_F(DatabaseTest, PausesWhereItsBackendIsTerminatedMidTransactionAndThenConnectsAgain) {
  Database database(settings_);
  Database administrator(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  const auto failure = database.transact([&](Transaction& t) {
    t.execute("INSERT INTO t VALUES (1)");
    const auto pid = t.execute("SELECT pg_backend_pid()").rows.at(0).at(0).value();
    EXPECT_EQ(read(administrator, "SELECT pg_terminate_backend(" + pid + ", 10000)"), "t");
    t.execute("INSERT INTO t VALUES (2)");
  });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::pause);
  EXPECT_EQ(read(database, "SELECT count(*) FROM t"), "0");
}

TEST_F(DatabaseTest, DoesNotClaimACommitThatMayNotHaveHappened) {
  Database database(settings_);
  Database administrator(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  const auto failure = database.transact([&](Transaction& t) {
    t.execute("INSERT INTO t VALUES (1)");
    const auto pid = t.execute("SELECT pg_backend_pid()").rows.at(0).at(0).value();
    EXPECT_EQ(read(administrator, "SELECT pg_terminate_backend(" + pid + ", 10000)"), "t");
  });
  ASSERT_TRUE(failure);
  EXPECT_NE(failure->response, Response::poison);
}

TEST_F(DatabaseTest, SaysThatTheServerIsAwayAndGoesOnWhenItIsBack) {
  Database database(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  PostgresServer::running().stop();
  for (int i = 0; i < 2; ++i) {
    const auto failure = run(database, "INSERT INTO t VALUES (1)");
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->response, Response::pause);
    EXPECT_THAT(failure->message, Not(HasSubstr("cret-w0rd")));
  }
  PostgresServer::running();
  EXPECT_FALSE(run(database, "INSERT INTO t VALUES (1)"));
}

TEST_F(DatabaseTest, NoticesAServerThatFreezesWithinItsLimit) {
  settings_.silence_limit = milliseconds{500};
  Database database(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  auto& server = PostgresServer::running();
  steady_clock::time_point begin;
  const auto failure = database.transact([&](Transaction& t) {
    server.freeze();
    begin = steady_clock::now();
    t.execute("INSERT INTO t VALUES (1)");
  });
  const auto taken = steady_clock::now() - begin;
  server.thaw();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::pause);
  EXPECT_THAT(failure->message, HasSubstr("silent for 500 ms"));
  EXPECT_GE(taken, milliseconds{450});
  EXPECT_LT(taken, seconds{3});
  EXPECT_FALSE(run(database, "INSERT INTO t VALUES (1)"));
}

TEST_F(DatabaseTest, GivesUpAServerThatIsFrozenWhenItComesBackFromAPause) {
  settings_.silence_limit = milliseconds{500};
  settings_.url.replace(settings_.url.find("connect_timeout=60"), 18, "connect_timeout=2");
  Database database(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  auto& server = PostgresServer::running();
  server.freeze();
  const auto failure = run(database, "INSERT INTO t VALUES (1)");
  server.thaw();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::pause);
  settings_.url.replace(settings_.url.find("connect_timeout=2"), 17, "connect_timeout=60");
  Database later(settings_);
  EXPECT_FALSE(run(later, "INSERT INTO t VALUES (1)"));
}

TEST_F(DatabaseTest, GivesALongStatementTheTimeItAsksFor) {
  settings_.silence_limit = milliseconds{200};
  Database database(settings_);
  const auto work = [](Transaction& t) { t.execute("SELECT pg_sleep(0.5)"); };
  EXPECT_TRUE(database.transact(work));
  EXPECT_FALSE(database.transact(work, seconds{30}));
}

TEST_F(DatabaseTest, RefusesAWrongPasswordWithoutShowingIt) {
  settings_.url.replace(settings_.url.find("w0rd"), 4, "w1rd");
  Database database(settings_);
  const auto failure = run(database, "SELECT 1");
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->message, HasSubstr("password authentication failed"));
  EXPECT_THAT(failure->message, Not(HasSubstr("w1rd")));
  EXPECT_EQ(trouble_of(*failure).cause, "login");
}

TEST_F(DatabaseTest, FindsItsTablesInTheSchemaThatIsSet) {
  settings_.schema = "Talk \"1\"";
  Database database(settings_);
  const auto create = [](Transaction& t) {
    t.execute(R"(CREATE SCHEMA "Talk ""1""")");
    t.execute("CREATE TABLE spoken (word text)");
  };
  ASSERT_FALSE(database.transact(create));
  EXPECT_EQ(read(database, R"(SELECT count(*) FROM "Talk ""1""".spoken)"), "0");
  EXPECT_EQ(read(database, "SELECT count(*) FROM spoken"), "0");
}

TEST_F(DatabaseTest, ConnectsAgainAtOnceWhereItsConnectionWasEndedWhileItWasIdle) {
  Database database(settings_);
  Database administrator(settings_);
  const auto first = read(database, "SELECT pg_backend_pid()");
  ASSERT_EQ(read(administrator, "SELECT pg_terminate_backend(" + first + ", 10000)"), "t");
  const auto second = read(database, "SELECT pg_backend_pid()");
  EXPECT_NE(second, first);
  EXPECT_THAT(second, Not(HasSubstr("failed")));
}

/// A firewall that forgot the connection: nothing comes back, and nobody says so.
TEST_F(DatabaseTest, ConnectsAgainAtOnceWhereItsConnectionIsSilentAfterItWasIdle) {
  Database database(settings_);
  const auto first = read(database, "SELECT pg_backend_pid()");
  const pid_t backend = std::stoi(first);
  ASSERT_EQ(::kill(backend, SIGSTOP), 0);
  const auto second = read(database, "SELECT pg_backend_pid()");
  ::kill(backend, SIGCONT);
  EXPECT_NE(second, first);
  EXPECT_THAT(second, Not(HasSubstr("failed")));
}

TEST_F(DatabaseTest, DoesTheWorkOnceWhereTheConnectionEndsInTheMiddleOfIt) {
  Database database(settings_);
  Database administrator(settings_);
  ASSERT_FALSE(run(database, "SELECT 1"));
  int times = 0;
  EXPECT_TRUE(database.transact([&](Transaction& t) {
    ++times;
    const auto pid = t.execute("SELECT pg_backend_pid()").rows.at(0).at(0).value();
    EXPECT_EQ(read(administrator, "SELECT pg_terminate_backend(" + pid + ", 10000)"), "t");
    t.execute("SELECT 1");
  }));
  EXPECT_EQ(times, 1);
}

TEST_F(DatabaseTest, LimitsItsTransactionsAndLeavesNothingInTheSession) {
  // As a pooler would give it to somebody else next.
  settings_.url +=
      "&options=-c%20default_transaction_isolation%3Dserializable%20-c%20statement_timeout%3D77s";
  Database database(settings_);
  const std::string session =
      "SELECT string_agg(name || '=' || reset_val || '=' || setting, ' ' ORDER BY name) FROM pg_settings "
      "WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_isolation')";
  EXPECT_EQ(read(database, session),
            "idle_in_transaction_session_timeout=0=15000 statement_timeout=77000=10000 "
            "transaction_isolation=read committed=read committed");
  // What an outsider would find: set_config(…, false) gives what the session has, once the transaction is
  // over.
  ASSERT_TRUE(database.transact([](Transaction& t) {
    t.execute("COMMIT");
    EXPECT_EQ(t.execute("SHOW statement_timeout").rows.at(0).at(0), "77s");
    EXPECT_EQ(t.execute("SHOW idle_in_transaction_session_timeout").rows.at(0).at(0), "0");
    EXPECT_EQ(t.execute("SHOW transaction_isolation").rows.at(0).at(0), "serializable");
    throw std::runtime_error("seen");
  }));
}

TEST_F(DatabaseTest, WaitsForTheDiskAtEachCommitWhateverTheDatabasesDefaultIs) {
  const std::string plain = settings_.url + "&options=-c%20synchronous_commit%3D";
  const std::pair<const char*, const char*> cases[] = {{"off", "on"},
                                                       {"local", "on"},
                                                       {"on", "on"},
                                                       {"remote_write", "remote_write"},
                                                       {"remote_apply", "remote_apply"}};
  for (const auto& [given, used] : cases) {
    settings_.url = plain + given;
    Database database(settings_);
    EXPECT_EQ(read(database, "SHOW synchronous_commit"), used) << given;
  }
}

TEST_F(DatabaseTest, ReadsInOneSnapshotAndWritesNothingThere) {
  Database database(settings_);
  Database other(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  const auto failure = database.read([&](Transaction& t) {
    EXPECT_EQ(t.execute("SELECT count(*) FROM t").rows.at(0).at(0), "0");
    ASSERT_FALSE(run(other, "INSERT INTO t VALUES (1)"));
    EXPECT_EQ(t.execute("SELECT count(*) FROM t").rows.at(0).at(0), "0");
    EXPECT_EQ(t.execute("SHOW statement_timeout").rows.at(0).at(0), "10s");
    EXPECT_EQ(t.execute("SHOW idle_in_transaction_session_timeout").rows.at(0).at(0), "15s");
    t.execute("INSERT INTO t VALUES (2)");
  });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->sqlstate, "25006");
}

TEST_F(DatabaseTest, RehearsesWithoutATrace) {
  Database database(settings_);
  ASSERT_FALSE(run(database, "CREATE TABLE t (a int)"));
  EXPECT_FALSE(database.rehearse([](Transaction& t) {
    EXPECT_EQ(t.execute("INSERT INTO t VALUES (1)").affected, 1u);
    EXPECT_EQ(t.execute("SELECT count(*) FROM t").rows.at(0).at(0), "1");
  }));
  EXPECT_EQ(read(database, "SELECT count(*) FROM t"), "0");
  EXPECT_TRUE(database.rehearse([](Transaction& t) { t.execute("INSERT INTO missing VALUES (1)"); }));
}

TEST_F(DatabaseTest, MakesEachNewConnectionReadyBeforeAnyWorkHasIt) {
  std::vector<std::string> proven;
  Database database(settings_, [&](Database& connected) {
    return connected.transact([&](Transaction& t) {
      proven.push_back(t.execute("SELECT pg_backend_pid()").rows.at(0).at(0).value());
    });
  });
  Database administrator(settings_);
  const auto first = read(database, "SELECT pg_backend_pid()");
  EXPECT_EQ(read(database, "SELECT pg_backend_pid()"), first);
  ASSERT_EQ(read(administrator, "SELECT pg_terminate_backend(" + first + ", 10000)"), "t");
  const auto second = read(database, "SELECT pg_backend_pid()");
  EXPECT_EQ(proven, (std::vector{first, second}));
}

TEST_F(DatabaseTest, DoesNoWorkOnAConnectionThatWasNotProven) {
  bool is_well = false;
  Database database(settings_, [&](Database& connected) -> std::optional<Failure> {
    if (is_well) return std::nullopt;
    EXPECT_TRUE(connected.transact([](Transaction& t) { t.execute("SELECT 1 / 0"); }));
    EXPECT_TRUE(connected.transact([](Transaction& t) { t.execute("SELECT 1"); }))
        << "its connection is gone";
    return Failure{Response::alarm, {}, "LATIN1"};
  });
  const auto failure = run(database, "CREATE TABLE t (a int)");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::alarm);
  EXPECT_EQ(failure->message, "LATIN1");
  is_well = true;
  EXPECT_FALSE(run(database, "CREATE TABLE t (a int)"));
}

}  // namespace
}  // namespace chat::postgres
