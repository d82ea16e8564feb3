// What to do about a failed statement, decided from the kind of the exception and its SQLSTATE.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "common/base/trouble.hpp"

namespace chat::postgres {

/// What the caller does next.
enum class Response {
  retry,   // at once: a deadlock, a serialization failure, a commit of unknown outcome
  pause,   // later: the server is away, full, shutting down, or does not do what is asked
  alarm,   // later, and a person must act: a table or grant is missing, a login is refused, a full disk
  poison,  // never: this very data cannot be stored, another row may; also by a rule of the table's owner
};

/// The kind of the exception. It is needed beside the SQLSTATE: libpqxx 6 gives deadlocks, refused privileges
/// and some lost connections without one.
enum class ErrorClass { connection, in_doubt, rollback, privilege, sql, other };

/// Pure. `sqlstate` may be empty. Whatever is unknown pauses, with an alarm where the server gave it a state,
/// so that a mistake never discards data.
Response classify(ErrorClass error_class, std::string_view sqlstate);

/// "retry", "pause", "alarm" or "poison".
std::string_view name(Response response);

/// A failed transaction. `message` is one line from the server or libpq, without passwords and without the
/// DETAIL and CONTEXT lines, which quote rows.
struct Failure {
  Response response = Response::pause;
  std::string sqlstate;
  std::string message;
  std::string cause{};   // as in Trouble, where a check of ours found the failure; else from the state
  std::string remedy{};  // the same
};

/// Thrown by the work of a transaction where the database kept data out without an error. It counts as
/// poison.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The reason of such a row: it was written without an error and is not there.
inline constexpr const char* kept_out =
    "the table kept the row out without an error: a trigger or rule of yours drops it, or another unique "
    "index "
    "has its values";

/// Pure. The failure as operators see it.
Trouble trouble_of(const Failure& failure);

/// The first line of a server's or libpq's message, its "ERROR:" taken off, passwords masked, at most 300
/// bytes.
std::string first_line(std::string_view message);

}  // namespace chat::postgres
