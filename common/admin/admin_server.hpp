// The admin port: /livez, /readyz, /metrics and what else a service adds, on a listener and thread of its
// own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/admin/http_session.hpp"
#include "common/base/trouble.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::admin {

/// Why a part is degraded.
struct Degradation {
  std::string dependency;
  Trouble trouble;
  std::chrono::system_clock::time_point since;
};

/// What /readyz answers: 200 when `ready`, else 503; the body is JSON
/// {"status":"ready|degraded|starting|draining|…", "degraded":["redis", …],
///  "causes":[{"dependency":"redis", "cause":…, "reason":…, "remedy":…, "since":"<RFC 3339>"}, …]}.
struct Readiness {
  bool ready = false;
  std::string status = "starting";
  std::vector<std::string> degraded;
  std::vector<Degradation> causes{};
};

/// A path that changes something: POST without a body.
struct Command {
  std::string path;
  /// Called on the server's thread with the request's query; must be thread-safe and soon done.
  std::function<Answer(std::string_view query)> run;
};

/// chat_ready, which the admin server sets at each scrape.
prometheus::Gauge& ready_gauge(Metrics& metrics);

/// Serves HTTP/1.1 with keep-alive: GET and HEAD of the three paths, POST of the commands; 404 for other
/// paths, 405 with Allow for other methods, 400 and 431 for what is broken or too large (8 KiB header, no
/// body), slow requests cut after 10 s. A command that a browser's page sends is refused with 403.
class AdminServer {
 public:
  /// `readiness` is called on the server's thread and must be thread-safe. Binds at once; throws
  /// std::runtime_error with one sentence that names address and port when that fails.
  AdminServer(const std::string& address, std::uint16_t port, Metrics& metrics,
              std::function<Readiness()> readiness, std::vector<Command> commands = {});

  /// Stops and joins the thread.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// The port that was bound (useful with port 0).
  std::uint16_t port() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace chat::admin
