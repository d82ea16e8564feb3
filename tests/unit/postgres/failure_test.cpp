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
      {rollback, "", Response::retry},         // deadlock_detected in libpqxx 6 (P1)
      {rollback, "40001", Response::retry},    // serialization_failure in libpqxx 7
      {sql, "40P01", Response::retry},         // deadlock
      {in_doubt, "", Response::retry},         // COMMIT with a dying server (P5)
      {connection, "", Response::pause},       // connection refused
      {connection, "57P01", Response::pause},  // terminated by an administrator
      {connection, "28P01", Response::alarm},  // wrong password
      {sql, "", Response::pause},              // a lost connection in libpqxx 6 (P2)
      {sql, "08006", Response::pause},         // connection failure
      {sql, "53100", Response::pause},         // disk full (P12)
      {sql, "53300", Response::pause},         // too many connections
      {sql, "57P03", Response::pause},         // starting up
      {sql, "57014", Response::pause},         // statement timeout
      {sql, "58030", Response::pause},         // I/O error
      {sql, "25006", Response::pause},         // a standby: bisecting would discard a whole topic
      {sql, "55P03", Response::pause},         // lock not available
      {sql, "XX000", Response::pause},         // internal error
      {sql, "P0001", Response::pause},         // raised by a trigger
      {sql, "42P01", Response::alarm},         // undefined table
      {sql, "42703", Response::alarm},         // undefined column
      {sql, "42501", Response::alarm},         // insufficient privilege
      {privilege, "", Response::alarm},        // the same in libpqxx without a state (P11)
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
