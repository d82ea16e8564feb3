// The gateway's WebSocket, Engine.IO and Socket.IO classes without a chat, for protocol suites: plain echo at
// /echo, Engine.IO echo at /engine.io/, and Socket.IO namespaces that answer at /socket.io/.
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/config/settings_table.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/engineio/endpoint.hpp"
#include "gateway/engineio/message_frame.hpp"
#include "gateway/http/query.hpp"
#include "gateway/http/server.hpp"
#include "gateway/socketio/socket_connection.hpp"

namespace chat::test {
namespace {

namespace asio = boost::asio;
namespace gw = gateway;
namespace sio = gateway::socketio;
using nlohmann::json;

constexpr std::size_t largest_echo = 16 * 1024 * 1024;

struct Settings {
  std::int64_t port = 0;
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds connect_timeout{45'000};
};

class WebSocketEcho final : public gw::ws::Handler {
 public:
  void on_open(gw::ws::Connection& connection) override { connection_ = &connection; }
  void on_message(gw::ws::Opcode opcode, std::string_view payload) override {
    connection_->deliver(gw::ws::make_frame(opcode, payload));
  }
  std::size_t max_message_bytes() const override { return largest_echo; }
  /// A client that sends faster than it reads is held back, not cut as too slow.
  bool ready_for_message() const override { return connection_->outbox_bytes() < largest_echo; }
  void on_closed() override {}

 private:
  gw::ws::Connection* connection_ = nullptr;
};

class EngineEcho final : public gw::engineio::EngineHandler {
 public:
  void on_open(gw::engineio::EngineSession& session, std::chrono::steady_clock::time_point) override {
    session_ = &session;
  }
  void on_message(std::string_view data, bool binary) override {
    session_->send(gw::engineio::make_message_frame(data, binary));
  }
  void on_closed() override {}

 private:
  gw::engineio::EngineSession* session_ = nullptr;
};

/// The clients of the protocol's own suite look for one frame at a time, and lose one that comes in the same
/// read as the frame before.
constexpr std::chrono::milliseconds gap_before_auth{20};

/// Tells the client its auth object, and answers its two events.
class SocketEcho final : public sio::SocketHandler {
 public:
  SocketEcho(asio::io_context& context, json auth) : auth_(std::move(auth)), gap_(context) {}

  void on_open(sio::Socket& socket) override {
    socket_ = &socket;
    socket.connect(to_string(random_uuid()));
    gap_.expires_after(gap_before_auth);
    gap_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
      if (!error && !alive.expired()) socket_->emit(json::array({"auth", auth_}));
    });
  }
  void on_event(const std::string& name, json args, std::optional<std::uint64_t> id) override {
    if (name == "message") {
      args.insert(args.begin(), "message-back");
      socket_->emit(std::move(args));
    } else if (name == "message-with-ack" && id) {
      socket_->acknowledge(*id, std::move(args));
    }
  }
  void on_disconnect() override { alive_.reset(); }

 private:
  const json auth_;
  asio::steady_timer gap_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  sio::Socket* socket_ = nullptr;
};

sio::MakeSocketHandler make_socket_echo(asio::io_context& context) {
  return [&context](const std::string& nsp, const json& auth) -> std::unique_ptr<sio::SocketHandler> {
    if (nsp != "/" && nsp != "/custom") return nullptr;
    return std::make_unique<SocketEcho>(context, auth);
  };
}

gw::engineio::EndpointOptions endpoint_options(const Settings& settings) {
  gw::engineio::EndpointOptions options;
  options.gateway = "echo";
  options.engine.ping_interval = settings.ping_interval;
  options.engine.ping_timeout = settings.ping_timeout;
  return options;
}

/// The server with its three paths, on one loop.
class EchoServer {
 public:
  explicit EchoServer(const Settings& settings)
      : engine_(context_, endpoint_options(settings), [] { return std::make_unique<EngineEcho>(); }),
        socketio_(context_, endpoint_options(settings),
                  [this, timeout = settings.connect_timeout] {
                    return std::make_unique<sio::SocketConnection>(make_socket_echo(context_), timeout);
                  }),
        server_(context_, flush_list_, limits(), [this](const auto& request) { return route(request); }, {}),
        sweep_(context_),
        signals_(context_, SIGINT, SIGTERM) {
    const std::uint16_t port =
        gw::http::check_port_is_free("127.0.0.1", static_cast<std::uint16_t>(settings.port));
    server_.listen("127.0.0.1", port);
    std::printf("listening on 127.0.0.1 port %d\n", static_cast<int>(port));
    std::fflush(stdout);
  }

  void run() {
    bool is_stopped = false;
    signals_.async_wait([&](auto...) { is_stopped = true; });
    sweep();
    while (!is_stopped) {
      if (flush_list_.empty()) context_.run_one();
      for (int i = 0; i < 64 && context_.poll_one() > 0; ++i) continue;
      flush_list_.flush_all();
    }
  }

 private:
  static gw::ws::ConnectionLimits limits() {
    gw::ws::ConnectionLimits limits;
    limits.max_outbox_bytes = 8 * largest_echo;
    return limits;
  }

  gw::http::Routing route(const gw::http::RequestHead& request) {
    const std::string_view path = gw::http::path_of(request.target);
    if (path == "/engine.io/") return engine_.route(request);
    if (path == "/socket.io/") return socketio_.route(request);
    gw::http::Routing routing;
    if (path == "/echo") routing.handler = std::make_unique<WebSocketEcho>();
    return routing;
  }

  void sweep() {
    const auto now = std::chrono::steady_clock::now();
    server_.sweep(now);
    engine_.tick(now);
    socketio_.tick(now);
    sweep_.expires_after(std::chrono::seconds(1));
    sweep_.async_wait([this](boost::system::error_code error) {
      if (!error) sweep();
    });
  }

  asio::io_context context_{1};
  gw::loop::FlushList flush_list_;
  gw::engineio::Endpoint engine_;
  gw::engineio::Endpoint socketio_;
  gw::http::Server server_;
  asio::steady_timer sweep_;
  asio::signal_set signals_;
};

int run(int argc, char** argv) {
  Settings settings;
  config::SettingsTable table("echo_server", "0", "Echoes WebSocket, Engine.IO and Socket.IO, for tests.",
                              {});
  table.add(config::integer_setting("port", "ECHO_PORT", "port on 127.0.0.1; 0 lets the kernel choose",
                                    settings.port, 0, 65535));
  table.add(config::milliseconds_setting("ping-interval", "ECHO_PING_INTERVAL_MS",
                                         "milliseconds between pings", settings.ping_interval, 1, 3'600'000));
  table.add(config::milliseconds_setting("ping-timeout", "ECHO_PING_TIMEOUT_MS",
                                         "milliseconds for the answer to a ping", settings.ping_timeout, 1,
                                         3'600'000));
  table.add(config::milliseconds_setting("connect-timeout", "ECHO_CONNECT_TIMEOUT_MS",
                                         "milliseconds for a Socket.IO client to connect to a namespace",
                                         settings.connect_timeout, 1, 3'600'000));
  const config::Outcome outcome = table.parse({argv + 1, argv + argc}, config::process_environment());
  if (outcome.action == config::Outcome::Action::exit) {
    std::fputs(outcome.output.c_str(), outcome.exit_code == 0 ? stdout : stderr);
    return outcome.exit_code;
  }
  EchoServer(settings).run();
  return 0;
}

}  // namespace
}  // namespace chat::test

int main(int argc, char** argv) {
  try {
    return chat::test::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_server: %s\n", error.what());
    return 1;
  }
}
