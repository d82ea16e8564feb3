#include "common/config/settings_table.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "common/config/command_line.hpp"
#include "common/config/mask.hpp"
#include "common/config/redis_url.hpp"

namespace chat::config {
namespace {

constexpr const char* hidden = "***";

bool may_come_from_file(const Setting& setting) {
  return setting.secret || setting.is_url;
}
std::string file_flag(const Setting& setting) {
  return setting.flag + "-file";
}
std::string file_variable(const Setting& setting) {
  return setting.variable + "_FILE";
}

std::string shown(const Setting& setting, const std::string& value) {
  if (setting.secret) return value.empty() ? "" : hidden;
  return mask_passwords(value);
}

/// LINGER_MS as linger.ms.
std::string property_name(std::string text) {
  for (char& c : text) {
    if (c == '_') c = '.';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// linger.ms as LINGER_MS.
std::string variable_part(std::string text) {
  for (char& c : text) {
    if (c == '.') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// A value with the name that it was given under, as an error says it.
struct Given {
  std::string name;
  std::string value;
};

/// Finds the settings' values in the flags and the environment, and collects the errors.
class Reader {
 public:
  Reader(const CommandLine& flags, const Environment& environment, std::vector<std::string>& errors,
         std::vector<std::string>& warnings)
      : flags_(flags), environment_(environment), errors_(errors), warnings_(warnings) {}

  void assign(const Setting& setting, std::map<std::string, std::string>& effective) {
    auto given = find(setting.flag, setting.variable);
    if (!setting.former_variable.empty()) accept_former_name(setting, given);
    if (may_come_from_file(setting)) {
      const auto file = find(file_flag(setting), file_variable(setting));
      if (given && file)
        errors_.push_back(given->name + " and " + file->name + " are both set; set one of them");
      if (!given) given = file ? first_line(*file) : credential(setting);
    }
    effective[setting.variable] = shown(setting, given ? given->value : setting.default_text);
    if (!given) return;
    if (const auto fault = setting.assign(given->value)) {
      const std::string quoted = setting.secret ? "" : " \"" + shown(setting, given->value) + "\"";
      errors_.push_back(given->name + quoted + " " + *fault);
    }
  }

  void pass_through(const std::string& flag, const std::string& variable_prefix,
                    std::map<std::string, std::string>& target,
                    std::map<std::string, std::string>& effective) {
    for (const auto& [variable, value] : environment_) {
      if (value.empty() || !variable.starts_with(variable_prefix)) continue;
      const std::string name = property_name(variable.substr(variable_prefix.size()));
      if (name.empty())
        errors_.push_back(variable + " does not name a property; write " + variable +
                          "LINGER_MS for linger.ms");
      else
        target[name] = value;
    }
    for (const std::string& text : flags_.values(flag)) {
      const auto equals = text.find('=');
      if (equals == std::string::npos || equals == 0)
        errors_.push_back("--" + flag + " has a value that is not of the form name=value");
      else
        target[text.substr(0, equals)] = text.substr(equals + 1);
    }
    for (const auto& [name, value] : target)
      effective[variable_prefix + variable_part(name)] =
          is_secret_property(name) ? hidden : mask_passwords(value);
  }

 private:
  void accept_former_name(const Setting& setting, std::optional<Given>& given) {
    const auto former = find(setting.former_flag, setting.former_variable);
    if (!former) return;
    const bool is_flag = former->name != setting.former_variable;
    const std::string present = is_flag ? "--" + setting.flag : setting.variable;
    if (given) {
      errors_.push_back(given->name + " and " + former->name + " are both set; leave out " + former->name +
                        ", the former name of " + present);
    } else {
      warnings_.push_back(former->name + " is now called " + present + "; set that one instead");
      given = former;
    }
  }

  std::optional<Given> find(const std::string& flag, const std::string& variable) const {
    if (auto value = flags_.value(flag)) return Given{"--" + flag, *std::move(value)};
    const auto found = environment_.find(variable);
    if (found == environment_.end() || found->second.empty()) return std::nullopt;
    return Given{variable, found->second};
  }

  /// What systemd's LoadCredential=chat:FOLDER made of the file FOLDER/<flag>.
  std::optional<Given> credential(const Setting& setting) {
    const auto folder = environment_.find("CREDENTIALS_DIRECTORY");
    if (folder == environment_.end()) return std::nullopt;
    const Given file{"the credential", folder->second + "/chat_" + setting.flag};
    return std::filesystem::exists(file.value) ? first_line(file) : std::nullopt;
  }

  std::optional<Given> first_line(const Given& file) {
    errno = 0;
    std::ifstream stream(file.value);
    std::string line;
    std::getline(stream, line);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) return Given{file.name, line};
    const std::string reason = errno != 0 ? std::strerror(errno) : "its first line is empty";
    errors_.push_back(file.name + " \"" + file.value + "\" gives no value: " + reason);
    return std::nullopt;
  }

  const CommandLine& flags_;
  const Environment& environment_;
  std::vector<std::string>& errors_;
  std::vector<std::string>& warnings_;
};

/// What depends on the libraries that it was built with; tests read it too.
std::string features() {
  return has_redis_tls ? " (rediss)" : "";
}

std::string lines(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

Outcome exit_with(int code, std::string output) {
  Outcome outcome;
  outcome.action = Outcome::Action::exit;
  outcome.exit_code = code;
  outcome.output = std::move(output);
  return outcome;
}

std::string help_of(const Setting& setting) {
  const std::string value = shown(setting, setting.default_text);
  return setting.help + " [" + setting.variable + (value.empty() ? "" : ", default " + value) + "]";
}

std::string table_row(const std::string& variable, const std::string& flag, const std::string& default_text,
                      const std::string& help) {
  const auto cell = [](const std::string& text) {
    std::string escaped;
    for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
    return escaped;
  };
  return "| `" + variable + "` | `--" + flag + "` | " +
         (default_text.empty() ? "" : "`" + cell(default_text) + "`") + " | " + cell(help) + " |\n";
}

}  // namespace

SettingsTable::SettingsTable(std::string program, std::string version, std::string description,
                             std::vector<std::string> known_prefixes)
    : program_(std::move(program)),
      version_(std::move(version)),
      description_(std::move(description)),
      known_prefixes_(std::move(known_prefixes)) {}

void SettingsTable::add(Setting setting) {
  settings_.push_back(std::move(setting));
}

void SettingsTable::add_pass_through(std::string flag, std::string variable_prefix, std::string help,
                                     std::map<std::string, std::string>& target) {
  pass_throughs_.push_back({std::move(flag), std::move(variable_prefix), std::move(help), &target});
}

void SettingsTable::add_page(std::string flag, std::string help, std::function<std::string()> page) {
  pages_.push_back({std::move(flag), std::move(help), std::move(page)});
}

void SettingsTable::add_check(std::function<std::optional<std::string>()> check) {
  checks_.push_back(std::move(check));
}

Outcome SettingsTable::parse(const std::vector<std::string>& arguments, const Environment& environment) {
  using Kind = CommandLine::Kind;
  CommandLine flags(program_, description_);
  flags.add("help", "Show this help and exit", Kind::bare);
  flags.add("help-markdown", "Show the settings as a Markdown table and exit", Kind::bare);
  for (const Page& page : pages_) flags.add(page.flag, page.help, Kind::bare);
  flags.add("version", "Show the version and exit", Kind::bare);
  for (const Setting& setting : settings_) {
    flags.add(setting.flag, help_of(setting), setting.is_switch ? Kind::optional_value : Kind::value);
    if (may_come_from_file(setting))
      flags.add(file_flag(setting), "File whose first line is that value [" + file_variable(setting) + "]",
                Kind::value, "FILE");
    if (!setting.former_flag.empty())
      flags.add_hidden(setting.former_flag, setting.is_switch ? Kind::optional_value : Kind::value);
  }
  for (const PassThrough& rest : pass_throughs_)
    flags.add(rest.flag, rest.help + " [" + rest.variable_prefix + "…]", Kind::list, "NAME=VALUE");

  std::vector<std::string> errors = flags.parse(arguments);
  if (flags.has("help")) return exit_with(0, flags.help());
  if (flags.has("help-markdown")) return exit_with(0, help_markdown());
  for (const Page& page : pages_)
    if (flags.has(page.flag)) return exit_with(0, page.text());
  if (flags.has("version")) return exit_with(0, program_ + " " + version_ + features() + "\n");

  Outcome outcome;
  Reader reader(flags, environment, errors, outcome.warnings);
  for (const Setting& setting : settings_) reader.assign(setting, outcome.effective);
  for (const PassThrough& rest : pass_throughs_)
    reader.pass_through(rest.flag, rest.variable_prefix, *rest.target, outcome.effective);
  for (const auto& check : checks_)
    if (auto fault = check()) errors.push_back(*std::move(fault));
  if (!errors.empty()) return exit_with(2, lines(errors));
  const auto unknown = unknown_variables(environment);
  outcome.warnings.insert(outcome.warnings.end(), unknown.begin(), unknown.end());
  return outcome;
}

std::string SettingsTable::help_markdown() const {
  std::string table = "| variable | flag | default | meaning |\n|---|---|---|---|\n";
  for (const Setting& setting : settings_) {
    table += table_row(setting.variable, setting.flag, shown(setting, setting.default_text), setting.help);
    if (may_come_from_file(setting))
      table +=
          table_row(file_variable(setting), file_flag(setting), "", "file whose first line is that value");
  }
  for (const PassThrough& rest : pass_throughs_)
    table += table_row(rest.variable_prefix + "*", rest.flag, "", rest.help);
  return table;
}

std::vector<std::string> SettingsTable::unknown_variables(const Environment& environment) const {
  const auto is_known = [&](const std::string& variable) {
    const bool is_setting = std::ranges::any_of(settings_, [&](const Setting& setting) {
      return variable == setting.variable || variable == setting.former_variable ||
             (may_come_from_file(setting) && variable == file_variable(setting));
    });
    return is_setting || std::ranges::any_of(pass_throughs_, [&](const PassThrough& rest) {
             return variable.starts_with(rest.variable_prefix);
           });
  };
  std::vector<std::string> warnings;
  for (const auto& [variable, value] : environment) {
    const bool is_ours = std::ranges::any_of(
        known_prefixes_, [&name = variable](const std::string& prefix) { return name.starts_with(prefix); });
    if (is_ours && !is_known(variable))
      warnings.push_back("the variable " + variable + " is no setting of " + program_ + " and is ignored");
  }
  return warnings;
}

}  // namespace chat::config
