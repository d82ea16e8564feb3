// What the facts about a message come to.
#pragma once

#include <string>
#include <string_view>

#include "gateway/lookup/facts.hpp"

namespace chat::gateway::lookup {

enum class State {
  stored,
  stored_elsewhere,  // under another number: the asked one is void
  in_kafka,          // and not stored yet
  shown,             // in Redis, neither in Kafka nor stored
  dead_letter,
  lost,      // a void number
  deleted,   // it was stored, and its row is gone
  vanished,  // the number was given, and nobody has the message
  unknown_number,
  unknown_id,
  unknown_room,
  undecided,  // a server that could not be asked, or a search that was too short, leaves it open
};

/// "stored", "in_kafka" and so on.
std::string_view name(State state);

struct Verdict {
  State state = State::undecided;
  std::string sentence;
  std::string advice{};  // what is missing and where to look; may be empty
};

/// Pure.
Verdict judge(const Facts& facts);

/// Pure. 0 stored; 1 something is missing; 3 a server could not be asked, whatever the others say.
int exit_code(const Verdict& verdict, const Facts& facts);

}  // namespace chat::gateway::lookup
