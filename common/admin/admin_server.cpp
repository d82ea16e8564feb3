#include "common/admin/admin_server.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>
#include <prometheus/gauge.h>

#include "common/log/log.hpp"
#include "common/log/timestamp.hpp"

namespace chat::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_connections = 64;
constexpr std::string_view reading_methods = "GET, HEAD";
constexpr std::string_view command_methods = "POST";

Answer readiness_answer(const Readiness& readiness) {
  auto causes = nlohmann::ordered_json::array();
  for (const Degradation& one : readiness.causes)
    causes.push_back({{"dependency", one.dependency},
                      {"cause", one.trouble.cause},
                      {"reason", one.trouble.reason},
                      {"remedy", one.trouble.remedy},
                      {"since", log::timestamp(one.since)}});
  const nlohmann::ordered_json body = {
      {"status", readiness.status}, {"degraded", readiness.degraded}, {"causes", std::move(causes)}};
  return {readiness.ready ? http::status::ok : http::status::service_unavailable, "application/json",
          body.dump() + "\n"};
}

tcp::acceptor listen_on(asio::io_context& context, const std::string& address, std::uint16_t port) {
  try {
    const tcp::endpoint endpoint(asio::ip::make_address(address), port);
    tcp::acceptor acceptor(context, endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
    return acceptor;
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on " + address + " port " + std::to_string(port) +
                             " for the admin server (" + error.code().message() +
                             "); give another ADMIN_ADDRESS or ADMIN_PORT");
  }
}

}  // namespace

prometheus::Gauge& ready_gauge(Metrics& metrics) {
  return metrics.gauge("chat_ready", "1 while /readyz answers 200");
}

class AdminServer::Implementation {
 public:
  Implementation(const std::string& address, std::uint16_t port, Metrics& metrics,
                 std::function<Readiness()> readiness, std::vector<Command> commands)
      : metrics_(metrics),
        ready_(ready_gauge(metrics)),
        readiness_(std::move(readiness)),
        commands_(std::move(commands)),
        handler_([this](const Request& request) { return answer(request); }),
        acceptor_(listen_on(context_, address, port)) {
    asio::co_spawn(context_, accept(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }

  ~Implementation() {
    context_.stop();
    thread_.join();
  }

  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  /// A path that is read.
  struct Source {
    std::string_view path;
    std::function<Answer()> read;
  };

  Answer answer(const Request& request) const {
    try {
      const auto command = std::ranges::find(commands_, request.path, &Command::path);
      if (command != commands_.end()) return run(*command, request);
      return read(request);
    } catch (const std::exception& error) {
      log::error("The admin server could not answer.", {{"path", request.path}, {"reason", error.what()}});
      return {.status = http::status::internal_server_error, .body = "internal error\n"};
    }
  }

  Answer read(const Request& request) const {
    const auto source = std::ranges::find(sources_, request.path, &Source::path);
    if (source == sources_.end()) return {.status = http::status::not_found, .body = paths()};
    if (request.method != http::verb::get && request.method != http::verb::head)
      return refused_method(reading_methods);
    if (request.has_body) return refused_body();
    return source->read();
  }

  static Answer run(const Command& command, const Request& request) {
    if (request.method != http::verb::post) return refused_method(command_methods);
    if (request.has_body) return refused_body();
    if (request.is_from_page)
      return {.status = http::status::forbidden, .body = "a page in a browser may not do this\n"};
    return command.run(request.query);
  }

  static Answer refused_method(std::string_view allowed) {
    return {.status = http::status::method_not_allowed,
            .body = "this path takes " + std::string(allowed) + "\n",
            .allow = allowed};
  }

  static Answer refused_body() {
    return {.status = http::status::bad_request, .body = "a request without a body is expected\n"};
  }

  std::string paths() const {
    std::string text = "there is /livez, /readyz and /metrics";
    for (const Command& command : commands_) text += ", and POST " + command.path;
    return text + "\n";
  }

  asio::awaitable<void> accept() {
    asio::steady_timer pause(context_);
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(use_tuple);
      if (error) {
        // Most likely there are no file descriptors left. The listener stays readable, so a retry at once
        // would spin.
        pause.expires_after(std::chrono::milliseconds(200));
        co_await pause.async_wait(use_tuple);
        continue;
      }
      if (connections_ == max_connections) continue;
      ++connections_;
      asio::co_spawn(context_, serve(std::move(socket), handler_),
                     [this](const std::exception_ptr&) { --connections_; });
    }
  }

  const Metrics& metrics_;
  prometheus::Gauge& ready_;
  std::function<Readiness()> readiness_;
  const std::vector<Command> commands_;
  const std::array<Source, 3> sources_{
      {{"/livez", [] { return Answer{.body = "ok\n"}; }},
       {"/readyz", [this] { return readiness_answer(readiness_()); }},
       {"/metrics", [this] {
          ready_.Set(readiness_().ready ? 1 : 0);
          return Answer{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_.text()};
        }}}};
  Handler handler_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::size_t connections_ = 0;
  std::thread thread_;
};

AdminServer::AdminServer(const std::string& address, std::uint16_t port, Metrics& metrics,
                         std::function<Readiness()> readiness, std::vector<Command> commands)
    : implementation_(std::make_unique<Implementation>(address, port, metrics, std::move(readiness),
                                                       std::move(commands))) {}

AdminServer::~AdminServer() = default;

std::uint16_t AdminServer::port() const {
  return implementation_->port();
}

}  // namespace chat::admin
