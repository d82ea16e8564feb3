#include "persister/app/persister_settings.hpp"

#include <algorithm>
#include <optional>

namespace chat::persister {
namespace {

using config::integer_setting;
using config::seconds_setting;
using config::SettingsTable;
using config::text_setting;

constexpr std::size_t max_persister_id_length = 64;

/// It is a Kafka client id and group.instance.id, and part of log lines.
bool is_valid_persister_id(const std::string& id) {
  return id.size() <= max_persister_id_length && std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

void add_own(SettingsTable& table, PersisterSettings& s) {
  table.add(text_setting("persister-id", "PERSISTER_ID",
                         "fixed, unique name in the group, so that a quick restart keeps its partitions; two "
                         "processes with one name shut each other out; empty: a new name at each start",
                         s.persister_id));
  table.add(seconds_setting("pause", "PERSISTER_PAUSE_SECONDS",
                            "pause after a database error, before the batch in hand is tried again", s.pause,
                            0.1, 3600));
  table.add(integer_setting("batch-max-records", "PERSISTER_BATCH_MAX_RECORDS",
                            "the most records in one transaction", s.batch_max_records, 1, 100'000));
  table.add(integer_setting("batch-max-kib", "PERSISTER_BATCH_MAX_KIB",
                            "the most KiB of records in one transaction", s.batch_max_kibibytes, 1,
                            1024 * 1024));
  table.add(seconds_setting("batch-age", "PERSISTER_BATCH_AGE_SECONDS",
                            "a batch is stored once its oldest record has waited this long", s.batch_age, 0,
                            60));
  table.add(integer_setting("stream-keep", "STREAM_KEEP",
                            "messages that a room's Redis stream keeps for joining and returning clients, "
                            "although PostgreSQL has them",
                            s.stream_keep, 1, 1'000'000));
  table.add(
      seconds_setting("hole-finder", "HOLE_FINDER_SECONDS",
                      "time from one search for messages that were shown but never reached Kafka to the "
                      "next",
                      s.hole_finder_period, 1, 3600));
  table.add(seconds_setting("startup-timeout", "STARTUP_TIMEOUT_SECONDS",
                            "how long the start waits for Kafka before it gives up; it waits for PostgreSQL "
                            "without end",
                            s.startup_timeout, 1, 3600));
  table.add(seconds_setting("drain-timeout", "DRAIN_TIMEOUT_SECONDS",
                            "how long the batch in hand may still be stored after SIGTERM", s.drain_timeout,
                            1, 3600));
}

}  // namespace

PersisterSettings::PersisterSettings() {
  admin.port = 9101;
  tracing.service = "chat-persister";
  database.application_name = "chat-persister";
}

PipelineSettings PersisterSettings::pipeline() const {
  PipelineSettings pipeline;
  pipeline.pause = pause;
  pipeline.stop_limit = drain_timeout;
  pipeline.batch.records = static_cast<std::size_t>(batch_max_records);
  pipeline.batch.bytes = static_cast<std::size_t>(batch_max_kibibytes) * 1024;
  pipeline.batch.age = batch_age;
  pipeline.topic = kafka.topic;
  return pipeline;
}

SettingsTable persister_settings_table(PersisterSettings& settings, const std::string& version) {
  SettingsTable table("chat-persister", version,
                      "Moves the messages from Kafka into PostgreSQL. `chat-persister replay-dead` puts dead "
                      "letters back, `chat-persister prune` deletes old messages, see their --help.",
                      {"KAFKA_", "REDIS_", "PERSISTER_", "DATABASE_"});
  postgres::add_database_settings(table, settings.database, true);
  config::add_kafka_settings(table, settings.kafka);
  kafka::add_durability_settings(table, settings.durability);
  config::add_redis_settings(table, settings.redis);
  config::add_admin_settings(table, settings.admin);
  add_own(table, settings);
  tracing::add_trace_settings(table, settings.tracing, version, false);
  config::add_log_settings(table, settings.log);
  table.add_check([&settings]() -> std::optional<std::string> {
    if (is_valid_persister_id(settings.persister_id)) return std::nullopt;
    return "PERSISTER_ID must be at most 64 characters of A-Z a-z 0-9 _ - .";
  });
  return table;
}

}  // namespace chat::persister
