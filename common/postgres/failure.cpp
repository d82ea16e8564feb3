#include "common/postgres/failure.hpp"

#include "common/config/mask.hpp"

namespace chat::postgres {
namespace {

constexpr std::size_t most_message_bytes = 300;

Response classify_sqlstate(std::string_view sqlstate) {
  const std::string_view state_class = sqlstate.substr(0, 2);
  if (state_class == "40") return Response::retry;
  if (state_class == "22" || state_class == "23" || state_class == "54") return Response::poison;
  if (state_class == "42" || state_class == "28" || state_class == "3F") return Response::alarm;
  return Response::pause;
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
  if (text.size() > most_message_bytes) text.resize(most_message_bytes);
  return text;
}

}  // namespace chat::postgres
