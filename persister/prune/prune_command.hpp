// chat-persister prune: the command line.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "common/config/settings_table.hpp"

namespace chat::persister {

/// `arguments` are those after "prune". Gives the exit code: 0 done, also where SIGTERM or SIGINT ended it
/// after a batch; 1 a server failed; 2 wrong arguments. `out` gets what was done, `errors` one sentence. The
/// signals must be blocked (block_signals). Throws std::runtime_error with one sentence where librdkafka
/// refuses the settings.
int prune_command(const std::vector<std::string>& arguments, const config::Environment& environment,
                  const std::string& version, std::ostream& out, std::ostream& errors);

}  // namespace chat::persister
