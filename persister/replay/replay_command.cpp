#include "persister/replay/replay_command.hpp"

#include "common/config/service_settings.hpp"
#include "common/log/log.hpp"
#include "persister/replay/replay.hpp"

namespace chat::persister {
namespace {

constexpr const char* program = "chat-persister replay-dead";
constexpr const char* description =
    "Puts the dead letters back among the messages once their cause is mended: from where the last replay "
    "ended, each with its key and value. What is still wrong comes back to the dead letters.";

void print(std::ostream& out, const ReplayOptions& options, const ReplayCount& count,
           const std::string& topic) {
  if (options.dry_run)
    out << count.put_back << " would be put back into " << topic;
  else
    out << count.put_back << " put back into " << topic;
  if (count.kept > 0) out << ", " << count.kept << " of other reasons kept";
  if (count.without_value > 0)
    out << ", " << count.without_value << " kept since they have no value (--dry-run says where it is)";
  out << std::endl;
}

}  // namespace

int replay_command(const std::vector<std::string>& arguments, const config::Environment& environment,
                   const std::string& version, std::ostream& out, std::ostream& errors) {
  config::KafkaSettings kafka;
  config::LogSettings log_settings;
  log_settings.level = "warning";  // a person reads what it prints
  ReplayOptions options;
  config::SettingsTable table(program, version, description, {"KAFKA_"});
  table.add(config::text_setting("reason", "REPLAY_REASON",
                                 "only letters whose reason has this text in it; the others are kept",
                                 options.reason));
  table.add(config::switch_setting("dry-run", "REPLAY_DRY_RUN",
                                   "list partition, offset and reason of each, and change nothing",
                                   options.dry_run));
  table.add(config::seconds_setting("timeout", "REPLAY_TIMEOUT_SECONDS",
                                    "how long to wait for an answer of Kafka", options.wait, 1, 3600));
  config::add_kafka_settings(table, kafka);
  config::add_log_settings(table, log_settings);
  const auto outcome = table.parse(arguments, environment);
  if (outcome.action == config::Outcome::Action::exit) {
    (outcome.exit_code == 0 ? out : errors) << outcome.output;
    return outcome.exit_code;
  }
  log::start(program, log_settings.least());
  for (const std::string& warning : outcome.warnings) log::warning(warning);
  const auto count =
      replay_dead_letters(kafka, options, [&](const std::string& line) { out << line << '\n'; });
  if (!count) {
    errors << program << ": " << count.error().message << std::endl;
    return 1;
  }
  print(out, options, *count, kafka.topic);
  return 0;
}

}  // namespace chat::persister
