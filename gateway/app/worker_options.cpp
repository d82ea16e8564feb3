#include "gateway/app/worker_options.hpp"

#include <chrono>

namespace chat::gateway {

WorkerOptions worker_options(const GatewaySettings& settings, std::size_t index) {
  WorkerOptions options;
  options.index = index;
  options.gateway = settings.gateway_id;
  options.limits.max_outbox_bytes = static_cast<std::size_t>(settings.outbox_max_kibibytes) * 1024;
  options.limits.ping_interval =
      std::chrono::duration_cast<std::chrono::seconds>(settings.websocket_ping_interval);
  options.limits.idle_timeout = std::chrono::duration_cast<std::chrono::seconds>(settings.idle_timeout);
  options.workers = static_cast<std::size_t>(settings.workers);
  options.engine.ping_interval = settings.socketio_ping_interval;
  options.engine.ping_timeout = settings.socketio_ping_timeout;
  options.engine.max_outbox_bytes = options.limits.max_outbox_bytes;
  options.connect_timeout = settings.socketio_connect_timeout;
  options.origins = http::Origins::parse(settings.allowed_origins).value();
  return options;
}

}  // namespace chat::gateway
