// What this program was built from.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/metrics/metrics.hpp"

namespace chat {

/// `revision` is what `git describe` said when the build was configured, "unknown" outside a clone.
struct BuildInfo {
  std::string version;
  std::string revision;
  std::string compiler;
  std::vector<std::pair<std::string, std::string>> libraries;  // name and version
};

/// Of this program, which uses these libraries.
BuildInfo build_info(std::vector<std::pair<std::string, std::string>> libraries);

/// One line, as --version prints it after the program's name.
std::string to_string(const BuildInfo& build);

/// Sets chat_build_info{version,revision,compiler,<library>…} to 1.
void show(Metrics& metrics, const BuildInfo& build);

}  // namespace chat
