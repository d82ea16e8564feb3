#include "gateway/lookup/asked.hpp"

#include "common/wire/limits.hpp"
#include "common/wire/text_reader.hpp"

namespace chat::gateway::lookup {

Result<Asked> parse_asked(const std::string& room, const std::string& which) {
  if (!is_valid_room(room))
    return Error{"\"" + room + "\" is not a room: 1 to 128 characters of A-Z a-z 0-9 _ - . :"};
  Asked asked;
  asked.room = room;
  asked.id = parse_uuid(which);
  if (asked.id) return asked;
  asked.number = parse_cursor(which);
  if (asked.number && asked.number->seq > 0) return asked;
  asked.number.reset();
  std::int64_t seq = 0;
  TextReader reader(which);
  if (reader.number(seq) && reader.is_at_end() && seq > 0) {
    asked.seq = seq;
    return asked;
  }
  return Error{"\"" + which + "\" is none of EPOCH-SEQ, SEQ (from 1 on) and a message's id (a UUID)"};
}

}  // namespace chat::gateway::lookup
