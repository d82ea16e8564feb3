// chat-persister replay-dead: the command line of the replay.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "common/config/settings_table.hpp"

namespace chat::persister {

/// `arguments` are those after "replay-dead". Gives the exit code: 0 done, 1 Kafka failed, 2 wrong arguments;
/// `out` gets what was done, `errors` one sentence. Throws std::runtime_error with one where librdkafka
/// refuses the settings.
int replay_command(const std::vector<std::string>& arguments, const config::Environment& environment,
                   const std::string& version, std::ostream& out, std::ostream& errors);

}  // namespace chat::persister
