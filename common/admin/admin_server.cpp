#include "common/admin/admin_server.hpp"

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

#include "common/admin/http_session.hpp"
#include "common/log/log.hpp"
#include "common/log/timestamp.hpp"

namespace chat::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_connections = 64;

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

class AdminServer::Implementation {
 public:
  Implementation(const std::string& address, std::uint16_t port, const Metrics& metrics,
                 std::function<Readiness()> readiness)
      : metrics_(metrics),
        readiness_(std::move(readiness)),
        handler_([this](std::string_view path) { return answer(path); }),
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
  Answer answer(std::string_view path) const {
    try {
      if (path == "/livez") return {.body = "ok\n"};
      if (path == "/readyz") return readiness_answer(readiness_());
      if (path == "/metrics")
        return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_.text()};
      return {.status = http::status::not_found, .body = "there is /livez, /readyz and /metrics\n"};
    } catch (const std::exception& error) {
      log::error("The admin server could not answer.", {{"path", path}, {"reason", error.what()}});
      return {.status = http::status::internal_server_error, .body = "internal error\n"};
    }
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
  std::function<Readiness()> readiness_;
  Handler handler_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::size_t connections_ = 0;
  std::thread thread_;
};

AdminServer::AdminServer(const std::string& address, std::uint16_t port, const Metrics& metrics,
                         std::function<Readiness()> readiness)
    : implementation_(std::make_unique<Implementation>(address, port, metrics, std::move(readiness))) {}

AdminServer::~AdminServer() = default;

std::uint16_t AdminServer::port() const {
  return implementation_->port();
}

}  // namespace chat::admin
