// The flags of a program, over CLI11; the only file that knows that library.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace chat::config {

/// Flags are named without dashes. Used once: add, then parse, then ask.
class CommandLine {
 public:
  CommandLine(const std::string& program, const std::string& description);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  enum class Kind { value, list, optional_value, bare };

  /// `optional_value`: the flag alone means "true". `placeholder` is what help shows for the value.
  void add(const std::string& flag, const std::string& help, Kind kind,
           const std::string& placeholder = "VALUE");

  /// A flag that help does not show.
  void add_hidden(const std::string& flag, Kind kind);

  /// All errors, one sentence each; the flags that were understood can still be asked for.
  std::vector<std::string> parse(const std::vector<std::string>& arguments);

  bool has(const std::string& flag) const;
  std::optional<std::string> value(const std::string& flag) const;
  std::vector<std::string> values(const std::string& flag) const;
  std::string help() const;

 private:
  std::vector<std::string> unknown_arguments() const;

  std::unique_ptr<CLI::App> app_;
  std::map<std::string, CLI::Option*> options_;
};

}  // namespace chat::config
