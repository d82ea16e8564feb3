#include "common/redis/trouble.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "common/redis/info.hpp"

namespace chat::redis {
namespace {

struct Known {
  std::string_view beginning;  // of the error, whole words
  std::string_view cause;
  std::string_view reason;
  std::string_view remedy;
};

constexpr std::string_view cluster_reason = "this Redis runs in cluster mode, which is not supported";
constexpr std::string_view cluster_remedy =
    "use one with cluster-enabled no: a single Redis, or a master with replicas";
constexpr std::string_view rights_remedy =
    "give the user of REDIS_USERNAME the commands, keys and channels that deploy/README.md lists";
constexpr std::string_view master_remedy =
    "let REDIS_URLS or REDIS_HOST name the master, or promote this one";

constexpr std::array known_errors{
    Known{"NOAUTH", "login", "Redis asks for a password", "set REDIS_PASSWORD"},
    Known{"WRONGPASS", "login", "Redis refused the user or the password",
          "set REDIS_USERNAME and REDIS_PASSWORD"},
    Known{"MISCONF", "disk", "Redis refuses writes since it cannot save its data to disk",
          "free the disk, or mend the folder of its snapshot or append-only file; Redis's log says what "
          "failed"},
    Known{"OOM", "memory", "Redis refuses writes since it holds as much as its maxmemory allows",
          "raise maxmemory, or find what fills it; maxmemory-policy has to stay noeviction"},
    Known{"READONLY", "read_only", "this Redis is a replica, which takes no writes", master_remedy},
    Known{"MASTERDOWN", "master_down", "this Redis is a replica that lost its master", master_remedy},
    Known{"LOADING", "loading", "Redis is loading its data", "wait until it has"},
    Known{"NOREPLICAS", "no_replicas",
          "Redis refuses writes since fewer replicas follow it than its min-replicas-to-write",
          "start its replicas"},
    Known{"BUSY", "busy_script", "a script that does not end keeps Redis busy",
          "end it with SCRIPT KILL, or FUNCTION KILL"},
    Known{"CLUSTERDOWN", "cluster_mode", cluster_reason, cluster_remedy},
    Known{"CROSSSLOT", "cluster_mode", cluster_reason, cluster_remedy},
    Known{"MOVED", "cluster_mode", cluster_reason, cluster_remedy},
    Known{"ASK", "cluster_mode", cluster_reason, cluster_remedy},
    Known{"ERR SELECT is not allowed in cluster mode", "cluster_mode", cluster_reason, cluster_remedy},
    Known{"NEWERFORMAT", "newer_format",
          "a newer release has written to this Redis in a form that this one does not know",
          "upgrade this service"},
    Known{"NOSCRIPT", "scripts", "Redis has forgotten the scripts", "wait: they are loaded again"},
    Known{"ERR max number of clients reached", "max_clients",
          "Redis has as many clients as its maxclients allows", "raise maxclients"},
    Known{"ERR DB index is out of range", "database", "Redis has no database of the number that is set",
          "set REDIS_DB below Redis's `databases`; 0 is always there"},
    Known{"ERR invalid DB index", "database", "Redis has no database of the number that is set",
          "set REDIS_DB below Redis's `databases`; 0 is always there"},
    Known{"DENIED", "protected_mode", "Redis is in protected mode and takes local clients only",
          "give it a password, or an address to bind"},
};

bool begins_with(std::string_view text, std::string_view words) {
  return text.starts_with(words) && (text.size() == words.size() || text[words.size()] == ' ' ||
                                     text[words.size()] == '.' || text[words.size()] == ',');
}

/// Up to where the text begins to repeat a script or a command's words.
std::string_view without_words(std::string_view text) {
  for (const std::string_view end : {" script: ", ", with args", ", on @user_script", "\r", "\n"})
    text = text.substr(0, text.find(end));
  return text.substr(0, 200);
}

}  // namespace

Trouble trouble_of(std::string_view error) {
  const auto known =
      std::ranges::find_if(known_errors, [&](const Known& one) { return begins_with(error, one.beginning); });
  if (known != known_errors.end())
    return {std::string(known->cause), std::string(known->reason), std::string(known->remedy)};
  const std::string text(without_words(error));
  if (begins_with(error, "NOPERM") || begins_with(error, "ERR The user executing the script can't"))
    return {"permission", "Redis does not let its user do what is needed (" + text + ")",
            std::string(rights_remedy)};
  if (begins_with(error, "ERR unknown command") || begins_with(error, "ERR unknown subcommand") ||
      begins_with(error, "ERR Unknown Redis command called from script") ||
      begins_with(error, "ERR Unknown subcommand"))
    return {"command_missing", "Redis lacks a command that is needed (" + text + ")",
            "use Redis 6.2 or later, and do not rename or disable commands"};
  return {"refused", "Redis refuses what is needed (" + text + ")", "see Redis's log and settings"};
}

bool is_error_text(std::string_view text) {
  const std::string_view code = text.substr(0, text.find(' '));
  return code.size() > 2 && code.size() < text.size() &&
         std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::optional<Trouble> unsuitable(std::string_view info) {
  const std::string mode = info_field(info, "redis_mode").value_or("standalone");
  if (mode == "cluster")
    return Trouble{"cluster_mode", std::string(cluster_reason), std::string(cluster_remedy)};
  if (mode == "sentinel")
    return Trouble{"sentinel", "this is a Sentinel, which keeps no data",
                   "let REDIS_URLS or REDIS_HOST name the master that it watches"};
  const std::string version = info_field(info, "redis_version").value_or("");
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto read = std::from_chars(version.data(), end, major);
  if (read.ec != std::errc{}) return std::nullopt;
  if (read.ptr != end && *read.ptr == '.') std::from_chars(read.ptr + 1, end, minor);
  if (major > 6 || (major == 6 && minor >= 2)) return std::nullopt;
  return Trouble{"too_old", "this Redis is of version " + version + " and lacks commands that are needed",
                 "use Redis 6.2 or later"};
}

}  // namespace chat::redis
