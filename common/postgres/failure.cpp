#include "common/postgres/failure.hpp"

#include <algorithm>
#include <array>

#include "common/config/mask.hpp"

namespace chat::postgres {
namespace {

constexpr std::size_t max_message_bytes = 300;

/// The classes of PostgreSQL's appendix A that pass by themselves: connections, resources, locks, operators,
/// the machine, snapshots.
constexpr std::array<std::string_view, 6> passing{"08", "53", "55", "57", "58", "72"};

/// Those in which a statement with other rows may succeed: a subquery's second row, data, constraints, an
/// external routine's own error (a trigger in Python or Perl), WITH CHECK OPTION, limits of a row or an index
/// entry, and what PL/pgSQL raises.
constexpr std::array<std::string_view, 7> of_rows{"21", "22", "23", "38", "44", "54", "P0"};

/// Classes that appendix A does not have and the SQL standard leaves to implementations, and 45, which other
/// systems have for it: only RAISE … USING ERRCODE gives them, so they are a rule of the table's owner.
bool is_of_owner(std::string_view state_class) {
  if (state_class == "45") return true;
  if (state_class == "XX" || std::ranges::find(passing, state_class) != passing.end()) return false;
  const char first = state_class.front();
  return (first >= '5' && first <= '9') || (first >= 'I' && first <= 'Z');
}

/// An unknown state needs an operator: it may not pass by itself, and it must not discard data.
Response classify_sqlstate(std::string_view sqlstate) {
  if (sqlstate.size() != 5) return Response::pause;
  const std::string_view state_class = sqlstate.substr(0, 2);
  if (state_class == "40") return Response::retry;
  if (sqlstate == "53100") return Response::alarm;  // the disk is full
  if (std::ranges::find(passing, state_class) != passing.end()) return Response::pause;
  if (std::ranges::find(of_rows, state_class) != of_rows.end()) return Response::poison;
  return is_of_owner(state_class) ? Response::poison : Response::alarm;
}

}  // namespace

Response classify(ErrorClass error_class, std::string_view sqlstate) {
  switch (error_class) {
    case ErrorClass::in_doubt:
    case ErrorClass::rollback:
      return Response::retry;
    case ErrorClass::privilege:
      return Response::alarm;
    case ErrorClass::sql:
      return classify_sqlstate(sqlstate);
    // A login that is refused comes as a lost connection; only then is its state of use.
    case ErrorClass::connection:
      return sqlstate.starts_with("28") ? Response::alarm : Response::pause;
    case ErrorClass::other:
      break;
  }
  return Response::pause;
}

std::string_view name(Response response) {
  switch (response) {
    case Response::retry:
      return "retry";
    case Response::pause:
      return "pause";
    case Response::alarm:
      return "alarm";
    case Response::poison:
      return "poison";
  }
  return "pause";
}

std::string first_line(std::string_view message) {
  std::string_view line = message.substr(0, message.find('\n'));
  for (const std::string_view prefix : {"ERROR:", "FATAL:", "PANIC:"}) {
    if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
  }
  while (line.starts_with(' ')) line.remove_prefix(1);
  std::string text = config::mask_passwords(line);
  if (text.size() > max_message_bytes) text.resize(max_message_bytes);
  return text;
}

}  // namespace chat::postgres
