#include "common/config/command_line.hpp"

#include <algorithm>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace chat::config {
namespace {

/// As the library takes them: last first, and "--flag=" as a flag with an empty value (it would take the next
/// argument as the value).
std::vector<std::string> reversed(const std::vector<std::string>& arguments) {
  std::vector<std::string> result;
  for (const std::string& argument : arguments) {
    if (argument.size() > 3 && argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      result.push_back(argument.substr(0, argument.size() - 1));
      result.emplace_back();
    } else {
      result.push_back(argument);
    }
  }
  std::ranges::reverse(result);
  return result;
}

}  // namespace

CommandLine::CommandLine(const std::string& program, const std::string& description)
    : app_(std::make_unique<CLI::App>(description, program)) {
  app_->set_help_flag();
  app_->allow_extras();
  app_->get_formatter()->column_width(36);
}

CommandLine::~CommandLine() = default;

void CommandLine::add(const std::string& flag, const std::string& help, Kind kind,
                      const std::string& placeholder) {
  if (kind == Kind::bare) {
    options_[flag] = app_->add_flag((flag == "help" ? "-h,--" : "--") + flag, help);
    return;
  }
  CLI::Option* option = app_->add_option("--" + flag, CLI::callback_t{}, help);
  option->type_name(placeholder)->expected(kind == Kind::optional_value ? 0 : 1, 1);
  option->multi_option_policy(kind == Kind::list ? CLI::MultiOptionPolicy::TakeAll
                                                 : CLI::MultiOptionPolicy::TakeLast);
  option->allow_extra_args(false);
  options_[flag] = option;
}

void CommandLine::add_hidden(const std::string& flag, Kind kind) {
  add(flag, "", kind);
  options_.at(flag)->group("");  // CLI11 leaves this group out of its help
}

std::vector<std::string> CommandLine::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> errors;
  try {
    app_->parse(reversed(arguments));
  } catch (const CLI::ParseError& error) {
    // Only a value that is missing at the very end comes here, so nothing was left unread.
    errors.emplace_back(error.what());
  }
  const auto unknown = unknown_arguments();
  errors.insert(errors.end(), unknown.begin(), unknown.end());
  return errors;
}

/// An unknown flag's value may be a secret behind a misspelt name, so values are not shown.
std::vector<std::string> CommandLine::unknown_arguments() const {
  std::vector<std::string> errors;
  bool after_flag = false;
  for (const std::string& argument : app_->remaining()) {
    const bool is_flag = argument.starts_with('-');
    if (is_flag)
      errors.push_back(argument.substr(0, argument.find('=')) + " is not a flag; --help lists them all");
    else if (!after_flag)
      errors.push_back("the argument \"" + argument + "\" belongs to no flag");
    after_flag = is_flag;
  }
  return errors;
}

bool CommandLine::has(const std::string& flag) const {
  return !values(flag).empty();
}

std::optional<std::string> CommandLine::value(const std::string& flag) const {
  const auto all = values(flag);
  if (all.empty()) return std::nullopt;
  const bool is_alone = all.back().empty() && options_.at(flag)->get_items_expected_min() == 0;
  return is_alone ? "true" : all.back();
}

std::vector<std::string> CommandLine::values(const std::string& flag) const {
  return options_.at(flag)->results();
}

std::string CommandLine::help() const {
  return app_->help();
}

}  // namespace chat::config
