// What an error of Redis means to an operator.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/trouble.hpp"

namespace chat::redis {

/// Pure. `error` is an error reply's whole text; not one of AUTH, which may repeat the password. The cause is
/// one of login, permission, disk, memory, read_only, master_down, loading, no_replicas, busy_script,
/// cluster_mode, scripts, max_clients, database, command_missing, protected_mode and refused.
Trouble trouble_of(std::string_view error);

/// Whether a text is an error reply's ("LOADING Redis is …"), not hiredis's own ("Connection reset by peer").
bool is_error_text(std::string_view text);

/// Pure. None where INFO server tells of a Redis that can serve: a single master's, not a cluster node
/// (cluster_mode) or a Sentinel (sentinel), and of version 6.2 or later (too_old).
std::optional<Trouble> unsuitable(std::string_view info);

}  // namespace chat::redis
