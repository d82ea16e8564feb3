#include "common/postgres/failure.hpp"

#include <gtest/gtest.h>

namespace chat::postgres {
namespace {

struct Case {
  ErrorClass error_class;
  const char* sqlstate;
  Response response;
};

TEST(Classify, AnswersEveryClassOfFailure) {
  using enum ErrorClass;
  const Case cases[] = {
      {rollback, "", Response::retry},         // deadlock_detected in libpqxx 6
      {rollback, "40001", Response::retry},    // serialization_failure in libpqxx 7
      {sql, "40P01", Response::retry},         // deadlock
      {in_doubt, "", Response::retry},         // COMMIT with a dying server
      {connection, "", Response::pause},       // connection refused
      {connection, "57P01", Response::pause},  // terminated by an administrator
      {connection, "28P01", Response::alarm},  // wrong password
      {sql, "", Response::pause},              // a lost connection in libpqxx 6
      {sql, "08006", Response::pause},         // connection failure
      {sql, "53100", Response::alarm},         // disk full
      {sql, "53300", Response::pause},         // too many connections
      {sql, "57P03", Response::pause},         // starting up
      {sql, "57014", Response::pause},         // statement timeout
      {sql, "58030", Response::pause},         // I/O error
      {sql, "25006", Response::alarm},         // a standby: bisecting would discard a whole topic
      {sql, "55P03", Response::pause},         // lock not available
      {sql, "72000", Response::pause},         // snapshot too old
      {sql, "XX000", Response::alarm},         // internal error
      {sql, "XX001", Response::alarm},         // data corrupted
      {sql, "0A000", Response::alarm},         // feature not supported: of the statement, not of a row
      {sql, "39P01", Response::alarm},         // trigger protocol violated
      {sql, "F0000", Response::alarm},         // configuration file error
      {sql, "HV000", Response::alarm},         // a foreign table's server
      {sql, "2F003", Response::alarm},         // a routine does what it must not
      {sql, "P0001", Response::poison},        // raised by a trigger
      {sql, "P0002", Response::poison},        // a trigger's SELECT INTO STRICT finds nothing
      {sql, "P0004", Response::poison},        // a trigger's ASSERT
      {sql, "21000", Response::poison},        // a trigger's subquery finds two rows
      {sql, "38000", Response::poison},        // a trigger in another language
      {sql, "44000", Response::poison},        // a view's WITH CHECK OPTION
      {sql, "45000", Response::poison},        // "user-defined exception" of other systems
      {sql, "U0001", Response::poison},        // RAISE USING ERRCODE, a state of the owner's own
      {sql, "99001", Response::poison},        // the same
      {sql, "A0001", Response::alarm},         // reserved for the standard, and unknown
      {sql, "5", Response::pause},             // no state at all
      {sql, "42P01", Response::alarm},         // undefined table
      {sql, "42703", Response::alarm},         // undefined column
      {sql, "42501", Response::alarm},         // insufficient privilege
      {privilege, "", Response::alarm},        // the same in libpqxx without a state
      {sql, "28000", Response::alarm},         // invalid authorization
      {sql, "3F000", Response::alarm},         // invalid schema
      {sql, "22021", Response::poison},        // invalid byte sequence
      {sql, "22P02", Response::poison},        // invalid text representation
      {sql, "23514", Response::poison},        // check violation
      {sql, "23502", Response::poison},        // not null violation
      {sql, "54000", Response::poison},        // program limit exceeded
      {other, "", Response::pause},            // out of memory, usage errors
      {other, "23514", Response::pause},       // no state is believed of what is not PostgreSQL's
  };
  for (const auto& [error_class, sqlstate, response] : cases) {
    EXPECT_EQ(classify(error_class, sqlstate), response)
        << "class " << static_cast<int>(error_class) << ", state \"" << sqlstate << '"';
  }
}

TEST(FirstLine, DropsTheLinesThatQuoteRows) {
  EXPECT_EQ(
      first_line("ERROR:  new row violates check \"c\"\nDETAIL:  Failing row contains (a secret text).\n"),
      "new row violates check \"c\"");
}

TEST(FirstLine, MasksPasswords) {
  EXPECT_EQ(first_line("unexpected spaces in \"postgresql://chat:hunter2@host/db\"").find("hunter2"),
            std::string::npos);
}

TEST(FirstLine, IsBounded) {
  EXPECT_EQ(first_line(std::string(5000, 'x')).size(), 300u);
}

}  // namespace
}  // namespace chat::postgres
