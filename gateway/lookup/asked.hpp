// Which message a person asks for.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"

namespace chat::gateway::lookup {

/// Exactly one of number, seq and id is given.
struct Asked {
  std::string room;
  std::optional<Cursor> number;
  std::optional<std::int64_t> seq;  // of the room's newest epoch
  std::optional<Uuid> id;
};

/// Pure. `which` is EPOCH-SEQ, SEQ or a message id (a UUID). The error is a sentence.
Result<Asked> parse_asked(const std::string& room, const std::string& which);

}  // namespace chat::gateway::lookup
