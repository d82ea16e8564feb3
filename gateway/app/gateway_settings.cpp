#include "gateway/app/gateway_settings.hpp"

#include <algorithm>
#include <optional>
#include <thread>

#include "common/wire/uuid.hpp"
#include "gateway/app/client_tls.hpp"
#include "gateway/http/origins.hpp"

namespace chat::gateway {
namespace {

using config::integer_setting;
using config::milliseconds_setting;
using config::renamed;
using config::seconds_setting;
using config::SettingsTable;
using config::switch_setting;
using config::text_setting;

constexpr std::size_t max_gateway_id_length = 64;

/// The id is part of Redis channels, log lines and session ids.
bool is_valid_gateway_id(const std::string& id) {
  return id.size() <= max_gateway_id_length && std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

void add_listener(SettingsTable& table, GatewaySettings& s) {
  table.add(text_setting("gateway-id", "GATEWAY_ID",
                         "unique name of the gateway: A-Z a-z 0-9 _ - .; empty: a random one", s.gateway_id));
  table.add(text_setting("listen-address", "LISTEN_ADDRESS",
                         "address of the client port; 0.0.0.0 in containers", s.listen_address));
  table.add(integer_setting("port", "PORT", "client port; 0 lets the kernel choose", s.port, 0, 65535));
  table.add(integer_setting("workers", "WORKERS", "worker threads; 0: one per core", s.workers, 0, 256));
  table.add(seconds_setting("websocket-ping-interval", "WEBSOCKET_PING_INTERVAL_SECONDS",
                            "seconds of silence after which a client gets a WebSocket ping",
                            s.websocket_ping_interval, 1, 3600));
  table.add(seconds_setting("idle-timeout", "IDLE_TIMEOUT_SECONDS",
                            "seconds of silence, without a pong, after which a client is cut", s.idle_timeout,
                            2, 7200));
  table.add(integer_setting("outbox-max-kib", "OUTBOX_MAX_KIB",
                            "unsent KiB of a client above which it is closed as a slow consumer (4000)",
                            s.outbox_max_kibibytes, 1024, 1024 * 1024));
}

void add_tls(SettingsTable& table, GatewaySettings& s) {
  table.add(text_setting(
      "tls-certificate-file", "TLS_CERTIFICATE_FILE",
      "certificate chain in PEM, the gateway's own first; set means that the client port speaks TLS "
      "only; read anew at SIGHUP",
      s.tls_certificate_file));
  table.add(text_setting("tls-key-file", "TLS_KEY_FILE", "its private key in PEM, without a passphrase",
                         s.tls_key_file));
  table.add_check([&s] { return fault_of_tls_settings(s); });
}

void add_socketio(SettingsTable& table, GatewaySettings& s) {
  table.add(renamed(milliseconds_setting("socketio-ping-interval", "SOCKETIO_PING_INTERVAL_MS",
                                         "milliseconds between the pings of a Socket.IO session",
                                         s.socketio_ping_interval, 1, 3'600'000),
                    "ping-interval", "PING_INTERVAL_MS"));
  table.add(renamed(milliseconds_setting("socketio-ping-timeout", "SOCKETIO_PING_TIMEOUT_MS",
                                         "milliseconds in which a Socket.IO client must answer a ping",
                                         s.socketio_ping_timeout, 1, 3'600'000),
                    "ping-timeout", "PING_TIMEOUT_MS"));
  table.add(
      renamed(milliseconds_setting("socketio-connect-timeout", "SOCKETIO_CONNECT_TIMEOUT_MS",
                                   "milliseconds after which a Socket.IO session in no namespace is closed",
                                   s.socketio_connect_timeout, 1, 3'600'000),
              "connect-timeout", "CONNECT_TIMEOUT_MS"));
  table.add(
      text_setting("allowed-origins", "ALLOWED_ORIGINS",
                   "other origins whose pages may poll, comma-separated: "
                   "https://chat.example.com, capacitor://localhost; null for pages without one, * for all",
                   s.allowed_origins));
}

void add_bounds(SettingsTable& table, GatewaySettings& s) {
  table.add(integer_setting("journal-max-records", "JOURNAL_MAX_RECORDS",
                            "messages on their way into Kafka above which senders get `overloaded`",
                            s.journal_max_records, 1, 10'000'000));
  table.add(integer_setting("journal-max-mib", "JOURNAL_MAX_MIB", "the same bound in MiB",
                            s.journal_max_mebibytes, 1, 65536));
  table.add(integer_setting("stream-hard-cap", "STREAM_HARD_CAP",
                            "maximum number of messages in a room's Redis stream", s.stream_hard_cap, 100,
                            10'000'000));
  table.add(integer_setting("history-threads", "HISTORY_THREADS",
                            "connections to PostgreSQL for messages older than a room's Redis stream",
                            s.history_threads, 1, 64));
  table.add(switch_setting("strict-durability", "STRICT_DURABILITY",
                           "refuse to start if settings of Kafka or Redis endanger acknowledged messages; "
                           "without it the gateway warns",
                           s.strict_durability));
  table.add(seconds_setting("startup-timeout", "STARTUP_TIMEOUT_SECONDS",
                            "seconds to wait for Redis and Kafka at the start", s.startup_timeout, 1, 3600));
}

void add_drain(SettingsTable& table, GatewaySettings& s) {
  table.add(
      seconds_setting("drain-delay", "DRAIN_DELAY_SECONDS",
                      "seconds after SIGTERM in which all is served as before and /readyz says 503: as long "
                      "as the balancer needs to notice; NGINX here needs none",
                      s.drain_delay, 0, 3600));
  table.add(
      seconds_setting("drain", "DRAIN_SECONDS",
                      "seconds over which the clients are then sent to other gateways, one by one; 0: all at "
                      "once",
                      s.drain_span, 0, 3600));
  table.add(
      seconds_setting("drain-timeout", "DRAIN_TIMEOUT_SECONDS",
                      "seconds that SIGTERM waits at the end for Kafka's reports, and again for the last "
                      "connections to close",
                      s.drain_timeout, 1, 3600));
}

}  // namespace

GatewaySettings::GatewaySettings() {
  admin.port = 9100;
  tracing.service = "chat-gateway";
  database.application_name = "chat-gateway";
  // Short, since clients wait for the answers.
  database.silence_limit = std::chrono::milliseconds{5'000};
}

GatewaySettings complete(GatewaySettings settings) {
  if (settings.gateway_id.empty()) settings.gateway_id = "gateway-" + to_string(random_uuid()).substr(0, 8);
  if (settings.workers == 0)
    settings.workers = std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  return settings;
}

SettingsTable gateway_settings_table(GatewaySettings& settings, const std::string& version) {
  SettingsTable table(
      "chat-gateway", version,
      "A WebSocket gateway: shares messages through Redis and logs them in Kafka. `chat-gateway trace` "
      "says where one message is, see its --help.",
      {"REDIS_", "KAFKA_", "GATEWAY_", "JOURNAL_", "DATABASE_", "HISTORY_", "SOCKETIO_", "TLS_", "OTEL_"});
  add_listener(table, settings);
  add_tls(table, settings);
  add_socketio(table, settings);
  config::add_admin_settings(table, settings.admin);
  config::add_redis_settings(table, settings.redis);
  config::add_kafka_settings(table, settings.kafka);
  kafka::add_durability_settings(table, settings.durability);
  postgres::add_database_settings(table, settings.database, false);
  add_bounds(table, settings);
  add_drain(table, settings);
  tracing::add_trace_settings(table, settings.tracing, version, true);
  config::add_log_settings(table, settings.log);
  table.add_check([&settings]() -> std::optional<std::string> {
    if (is_valid_gateway_id(settings.gateway_id)) return std::nullopt;
    return "GATEWAY_ID must be at most 64 characters of A-Z a-z 0-9 _ - .";
  });
  table.add_check([&settings]() -> std::optional<std::string> {
    if (settings.idle_timeout > settings.websocket_ping_interval) return std::nullopt;
    return "IDLE_TIMEOUT_SECONDS must be above WEBSOCKET_PING_INTERVAL_SECONDS, or every quiet client is cut";
  });
  table.add_check([&settings]() -> std::optional<std::string> {
    const auto origins = http::Origins::parse(settings.allowed_origins);
    if (origins) return std::nullopt;
    return "ALLOWED_ORIGINS has " + origins.error().message +
           "; give *, or a comma-separated list like https://chat.example.com,capacitor://localhost";
  });
  return table;
}

}  // namespace chat::gateway
