// chat-gateway: reads the settings and runs the service.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "common/base/shutdown.hpp"
#include "common/config/settings_table.hpp"
#include "common/log/log.hpp"
#include "gateway/app/gateway_service.hpp"

namespace {

int run(const std::vector<std::string>& arguments) {
  using namespace chat;
  gateway::GatewaySettings settings;
  auto table = gateway::gateway_settings_table(settings, CHAT_VERSION);
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
    chat::block_signals();
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    chat::log::error(error.what());
    return 1;
  }
}
