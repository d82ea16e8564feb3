// One table of settings that gives flags, environment names, --help and the table in deploy/README.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::config {

/// The environment as a plain map, so that tests can pass their own.
using Environment = std::map<std::string, std::string>;

/// The process's environment. The only use of getenv/environ in the project.
Environment process_environment();

/// One setting. `flag` is without dashes ("admin-port"); `variable` the environment name ("ADMIN_PORT"); a
/// flag wins over the environment. `default_text` is what help shows. `assign` parses and stores, and returns
/// a sentence without the setting's name when the text is not valid ("is not a number from 1 to 65535").
struct Setting {
  std::string flag;
  std::string variable;
  std::string default_text;
  std::string help;
  bool secret = false;
  std::function<std::optional<std::string>(const std::string&)> assign;
  bool is_switch = false;  // the flag alone means "true"
  bool is_url = false;     // may hold a password: NAME_FILE as for secrets, and only the password is masked
  std::string former_flag = {};  // former names still work, with a warning; empty: there are none
  std::string former_variable = {};
};

/// Typed makers; each binds a member and takes its present value as the default.
Setting text_setting(std::string flag, std::string variable, std::string help, std::string& target);
Setting secret_setting(std::string flag, std::string variable, std::string help, std::string& target);
Setting integer_setting(std::string flag, std::string variable, std::string help, std::int64_t& target,
                        std::int64_t min, std::int64_t max);
Setting seconds_setting(std::string flag, std::string variable, std::string help,
                        std::chrono::milliseconds& target, double min, double max);
Setting milliseconds_setting(std::string flag, std::string variable, std::string help,
                             std::chrono::milliseconds& target, std::int64_t min, std::int64_t max);
Setting switch_setting(std::string flag, std::string variable, std::string help, bool& target);
/// URLs or connection strings whose password must not be shown.
Setting url_setting(std::string flag, std::string variable, std::string help, std::string& target);
/// One of `choices`, which the help lists.
Setting choice_setting(std::string flag, std::string variable, std::string help, std::string& target,
                       std::vector<std::string> choices);
/// An IPv4 or IPv6 address to listen on; not a host name.
Setting address_setting(std::string flag, std::string variable, std::string help, std::string& target);
/// The same setting, which was called otherwise before.
Setting renamed(Setting setting, std::string former_flag, std::string former_variable);

/// What main does next.
struct Outcome {
  enum class Action { run, exit } action = Action::run;
  int exit_code = 0;
  std::string output;  // for stdout when exit_code is 0, else for stderr; ends in a newline
  std::vector<std::string>
      warnings;  // former names, and unknown variables that begin with one of our prefixes
  std::map<std::string, std::string>
      effective;  // variable → value as text, secrets as "***" (empty stays empty)
};

class SettingsTable {
 public:
  /// `known_prefixes`: variables that begin so and match no setting are warned about ("REDIS_", "KAFKA_" …).
  SettingsTable(std::string program, std::string version, std::string description,
                std::vector<std::string> known_prefixes);

  void add(Setting setting);

  /// Settings whose names end freely: every variable KAFKA_CONF_<NAME> (and flag --kafka-conf
  /// name=value, repeatable) is put into `target` under its lower-cased name with _ as . ("linger.ms").
  void add_pass_through(std::string flag, std::string variable_prefix, std::string help,
                        std::map<std::string, std::string>& target);

  /// A check over several settings, run after all were assigned; returns a whole sentence when something is
  /// wrong.
  /// A flag that prints something else than settings and ends: `page` is called where it is given.
  void add_page(std::string flag, std::string help, std::function<std::string()> page);

  void add_check(std::function<std::optional<std::string>()> check);

  /// Assigns from the environment and then from the flags; `arguments` are without the program's name.
  /// --help, --version and --help-markdown (the table in deploy/README.md) exit 0. All errors are collected,
  /// one a line, exit code 2. An empty variable counts as not set. For every secret or URL setting also
  /// NAME_FILE and its flag: the file's first line is the value; both set is an error. Where neither is set,
  /// it is the first line of chat_<flag> in the folder $CREDENTIALS_DIRECTORY, if that exists. A setting's
  /// former name works with a warning; both names set is an error. Of a flag given twice the last counts.
  Outcome parse(const std::vector<std::string>& arguments, const Environment& environment);

 private:
  std::string help_markdown() const;
  std::vector<std::string> unknown_variables(const Environment& environment) const;

  std::string program_;
  std::string version_;
  std::string description_;
  std::vector<std::string> known_prefixes_;
  std::vector<Setting> settings_;
  struct PassThrough {
    std::string flag;
    std::string variable_prefix;
    std::string help;
    std::map<std::string, std::string>* target;
  };
  struct Page {
    std::string flag;
    std::string help;
    std::function<std::string()> text;
  };
  std::vector<PassThrough> pass_throughs_;
  std::vector<Page> pages_;
  std::vector<std::function<std::optional<std::string>()>> checks_;
};

}  // namespace chat::config
