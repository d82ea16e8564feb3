// chat-gateway: reads the settings and runs the service, or one of its commands.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "common/base/shutdown.hpp"
#include "common/config/settings_table.hpp"
#include "common/log/log.hpp"
#include "gateway/app/all_metrics.hpp"
#include "gateway/app/gateway_service.hpp"
#include "gateway/lookup/trace_command.hpp"

namespace {

int run(const std::vector<std::string>& arguments) {
  using namespace chat;
  gateway::GatewaySettings settings;
  auto table = gateway::gateway_settings_table(settings, to_string(gateway::build()));
  table.add_page("metrics-markdown", "Show the metrics as a Markdown table and exit",
                 gateway::metrics_markdown);
  const auto outcome = table.parse(arguments, config::process_environment());
  if (outcome.action == config::Outcome::Action::exit) {
    (outcome.exit_code == 0 ? std::cout : std::cerr) << outcome.output;
    return outcome.exit_code;
  }
  log::start("chat-gateway", settings.log.least(), settings.log.file);
  for (const std::string& warning : outcome.warnings) log::warning(warning);
  for (const auto& [variable, value] : outcome.effective)
    log::info("setting", {{"name", variable}, {"value", value}});
  return gateway::GatewayService(std::move(settings)).run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (!arguments.empty() && arguments.front() == "trace")
      return chat::gateway::lookup::trace_command({arguments.begin() + 1, arguments.end()},
                                                  chat::config::process_environment(),
                                                  to_string(chat::gateway::build()), std::cout, std::cerr);
    chat::block_signals();
    return run(arguments);
  } catch (const std::exception& error) {
    chat::log::error(error.what());
    return 1;
  }
}
