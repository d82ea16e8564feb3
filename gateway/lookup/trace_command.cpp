#include "gateway/lookup/trace_command.hpp"

#include <algorithm>
#include <cstddef>

#include "common/config/service_settings.hpp"
#include "common/log/log.hpp"
#include "gateway/lookup/asked.hpp"
#include "gateway/lookup/gather.hpp"
#include "gateway/lookup/report.hpp"
#include "gateway/lookup/verdict.hpp"

namespace chat::gateway::lookup {
namespace {

constexpr const char* program = "chat-gateway trace ROOM EPOCH-SEQ|SEQ|ID";
constexpr const char* description =
    "Says where one message is: in Redis, Kafka and PostgreSQL, since when, and what is missing. It takes "
    "the "
    "gateway's settings and changes nothing. Exit code 0: stored; 1: something is missing; 2: wrong "
    "arguments "
    "or settings; 3: a server could not be asked.";
constexpr int wrong_arguments = 2;
constexpr std::size_t named = 2;

struct CommandSettings {
  LookupSettings lookup;
  bool json = false;
};

config::SettingsTable settings_table(CommandSettings& settings, const std::string& version) {
  config::SettingsTable table(program, version, description, {});
  table.add(
      config::switch_setting("json", "TRACE_JSON", "print one JSON object instead of lines", settings.json));
  table.add(config::integer_setting("scan", "TRACE_SCAN",
                                    "records of the topic, and of the dead letters, that are looked through",
                                    settings.lookup.max_records, 1, 1'000'000'000));
  config::add_redis_settings(table, settings.lookup.redis);
  config::add_kafka_settings(table, settings.lookup.kafka);
  postgres::add_database_settings(table, settings.lookup.database, false);
  return table;
}

/// The arguments in front of the flags.
std::vector<std::string> names_in(const std::vector<std::string>& arguments) {
  const auto count = std::min(named, arguments.size());
  std::vector<std::string> names(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(count));
  if (std::ranges::any_of(names, [](const auto& name) { return name.starts_with("--") || name == "-h"; }))
    names.clear();
  return names;
}

}  // namespace

int trace_command(const std::vector<std::string>& arguments, const config::Environment& environment,
                  const std::string& version, std::ostream& out, std::ostream& errors) {
  CommandSettings settings;
  settings.lookup.database.application_name = "chat-trace";
  settings.lookup.database.silence_limit = settings.lookup.limit;
  const auto names = names_in(arguments);
  auto table = settings_table(settings, version);
  const auto outcome = table.parse(
      {arguments.begin() + static_cast<std::ptrdiff_t>(names.size()), arguments.end()}, environment);
  if (outcome.action == config::Outcome::Action::exit) {
    (outcome.exit_code == 0 ? out : errors) << outcome.output;
    return outcome.exit_code;
  }
  if (names.size() < named) {
    errors << "name the message: " << program << "; --help says more\n";
    return wrong_arguments;
  }
  const auto asked = parse_asked(names[0], names[1]);
  if (!asked) {
    errors << asked.error().message << '\n';
    return wrong_arguments;
  }
  // What goes wrong stands in the report; lines of the log would be mixed with it.
  log::start("chat-gateway trace", log::Level::error);
  const Facts facts = gather(settings.lookup, *asked, [&](std::int64_t searched, std::int64_t of) {
    errors << "looked through " << searched << " of " << of << " records" << std::endl;
  });
  const Verdict verdict = judge(facts);
  out << (settings.json ? to_json(facts, verdict) : to_text(facts, verdict)) << std::flush;
  return exit_code(verdict, facts);
}

}  // namespace chat::gateway::lookup
