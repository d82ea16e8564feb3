// chat-gateway trace: the command line of the lookup.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "common/config/settings_table.hpp"

namespace chat::gateway::lookup {

/// `arguments` are those after "trace". Gives the exit code: 0 stored, 1 something is missing, 2 wrong
/// arguments or settings, 3 a server could not be asked. `out` gets the report, `errors` what is wrong with
/// the arguments, and the progress of a long search. Throws std::runtime_error with one sentence where
/// librdkafka refuses the settings.
int trace_command(const std::vector<std::string>& arguments, const config::Environment& environment,
                  const std::string& version, std::ostream& out, std::ostream& errors);

}  // namespace chat::gateway::lookup
