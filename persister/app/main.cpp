// chat-persister: reads the settings and runs the service, or one of its commands.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "common/base/shutdown.hpp"
#include "common/config/settings_table.hpp"
#include "common/log/log.hpp"
#include "persister/app/all_metrics.hpp"
#include "persister/app/persister_service.hpp"
#include "persister/prune/prune_command.hpp"
#include "persister/replay/replay_command.hpp"

namespace {

int run(const std::vector<std::string>& arguments) {
  using namespace chat;
  persister::PersisterSettings settings;
  auto table = persister::persister_settings_table(settings, to_string(persister::build()));
  table.add_page("metrics-markdown", "Show the metrics as a Markdown table and exit",
                 persister::metrics_markdown);
  const auto outcome = table.parse(arguments, config::process_environment());
  if (outcome.action == config::Outcome::Action::exit) {
    (outcome.exit_code == 0 ? std::cout : std::cerr) << outcome.output;
    return outcome.exit_code;
  }
  log::start("chat-persister", settings.log.least(), settings.log.file);
  for (const std::string& warning : outcome.warnings) log::warning(warning);
  for (const auto& [variable, value] : outcome.effective)
    log::info("setting", {{"name", variable}, {"value", value}});
  return persister::PersisterService(std::move(settings)).run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (!arguments.empty() && arguments.front() == "replay-dead")
      return chat::persister::replay_command({arguments.begin() + 1, arguments.end()},
                                             chat::config::process_environment(),
                                             to_string(chat::persister::build()), std::cout, std::cerr);
    chat::block_signals();
    if (!arguments.empty() && arguments.front() == "prune")
      return chat::persister::prune_command({arguments.begin() + 1, arguments.end()},
                                            chat::config::process_environment(),
                                            to_string(chat::persister::build()), std::cout, std::cerr);
    return run(arguments);
  } catch (const std::exception& error) {
    chat::log::error(error.what());
    return 1;
  }
}
