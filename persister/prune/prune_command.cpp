#include "persister/prune/prune_command.hpp"

#include <atomic>
#include <cstdint>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "common/base/context_thread.hpp"
#include "common/base/shutdown.hpp"
#include "common/log/log.hpp"
#include "common/wire/limits.hpp"
#include "persister/prune/age.hpp"
#include "persister/prune/prune.hpp"

namespace chat::persister {
namespace {

constexpr const char* program = "chat-persister prune";
constexpr const char* description =
    "Deletes the messages that were stored longer ago than an age, room by room, a batch at a time, beside "
    "running "
    "services. Clients whose place lies below what was deleted are told so.";

using Fault = std::optional<std::string>;

config::Setting age_setting(std::chrono::hours& age) {
  config::Setting setting;
  setting.flag = "older-than";
  setting.variable = "PRUNE_OLDER_THAN";
  setting.help = "age of the messages that are deleted, in days or hours: 90d, 36h; at least 1d";
  setting.assign = [&age](const std::string& text) -> Fault {
    const auto parsed = parse_age(text);
    if (!parsed) return "is not an age; give days or hours, as in 90d or 36h";
    if (*parsed < min_age) return "is below 1d; younger messages may still be sent again or be on their way";
    age = *parsed;
    return std::nullopt;
  };
  return setting;
}

struct Settings {
  PruneServers servers;
  PruneOptions options;
  config::LogSettings log;
  std::int64_t batch = 1'000;
};

config::SettingsTable table_of(Settings& settings, const std::string& version) {
  config::SettingsTable table(program, version, description, {"PRUNE_"});
  PruneOptions& options = settings.options;
  table.add(age_setting(options.age));
  table.add(config::text_setting("room", "PRUNE_ROOM", "this room alone; without it all", options.room));
  table.add(config::integer_setting("batch", "PRUNE_BATCH", "messages that one transaction deletes",
                                    settings.batch, 1, 100'000));
  table.add(config::switch_setting("dry-run", "PRUNE_DRY_RUN",
                                   "say what would be deleted, and change nothing", options.dry_run));
  table.add(config::seconds_setting(
      "timeout", "PRUNE_TIMEOUT_SECONDS",
      "how long to wait for Redis, and for the persister to have stored what Kafka has", options.wait, 1,
      3600));
  postgres::add_database_settings(table, settings.servers.database, true);
  config::add_kafka_settings(table, settings.servers.kafka);
  config::add_redis_settings(table, settings.servers.redis);
  config::add_log_settings(table, settings.log);
  table.add_check([&options]() -> Fault {
    if (options.age == std::chrono::hours{})
      return "PRUNE_OLDER_THAN is missing; give --older-than, as in 90d";
    if (!options.room.empty() && !is_valid_room(options.room))
      return "PRUNE_ROOM \"" + options.room + "\" is not the name of a room";
    return std::nullopt;
  });
  return table;
}

void print(std::ostream& out, const PruneOptions& options, const PruneCount& count) {
  out << count.rows << (options.dry_run ? " messages would be deleted of " : " messages deleted of ")
      << count.rooms << (count.rooms == 1 ? " room" : " rooms");
  if (count.waiting > 0)
    out << ", " << count.waiting
        << " left alone since what is stored of them is not known yet: run it again later";
  if (count.was_stopped) out << "; stopped: run it again, it goes on from there";
  out << std::endl;
}

}  // namespace

int prune_command(const std::vector<std::string>& arguments, const config::Environment& environment,
                  const std::string& version, std::ostream& out, std::ostream& errors) {
  Settings settings;
  settings.log.level = "warning";  // a person reads what it prints
  settings.servers.database.application_name = "chat-prune";
  auto table = table_of(settings, version);
  const auto outcome = table.parse(arguments, environment);
  if (outcome.action == config::Outcome::Action::exit) {
    (outcome.exit_code == 0 ? out : errors) << outcome.output;
    return outcome.exit_code;
  }
  settings.options.batch = static_cast<std::size_t>(settings.batch);
  log::start(program, settings.log.least());
  for (const std::string& warning : outcome.warnings) log::warning(warning);
  std::atomic<bool> stop{false};
  boost::asio::io_context context{1};
  const ShutdownSignals signals(
      context, [&stop](int) { stop = true; }, log::on_signal);
  const ContextThread thread(context);
  const auto count = prune(settings.servers, settings.options, stop,
                           [&](const std::string& line) { out << line << std::endl; });
  if (!count) {
    errors << program << ": " << count.error().message << std::endl;
    return 1;
  }
  print(out, settings.options, *count);
  return 0;
}

}  // namespace chat::persister
