// The facts and the verdict, for a person and for a program.
#pragma once

#include <string>

#include "gateway/lookup/facts.hpp"
#include "gateway/lookup/verdict.hpp"

namespace chat::gateway::lookup {

/// Pure. Lines; the last one is the verdict. No text of a message is in it.
std::string to_text(const Facts& facts, const Verdict& verdict);

/// Pure. One JSON object on one line: room, epoch, seq, id, redis, kafka, postgres, verdict. What is not
/// known or not there is null; times are RFC 3339 in UTC.
std::string to_json(const Facts& facts, const Verdict& verdict);

}  // namespace chat::gateway::lookup
