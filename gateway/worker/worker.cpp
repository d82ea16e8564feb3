#include "gateway/worker/worker.hpp"

#include <future>
#include <limits>
#include <utility>

#include "gateway/http/query.hpp"
#include "gateway/native/native_client.hpp"
#include "gateway/socketio/socketio_client.hpp"
#include "gateway/worker/gauge_share.hpp"

namespace chat::gateway {
namespace {

namespace asio = boost::asio;

/// Handlers that run before the outboxes are flushed: enough to join the frames of several batches into one
/// write under load, and few enough to delay the first by less than a millisecond.
constexpr int max_handlers_per_turn = 64;

constexpr std::chrono::seconds sweep_period{1};
constexpr std::chrono::milliseconds departure_period{10};

}  // namespace

Worker::Worker(WorkerOptions options, Hub& hub, asio::io_context& hub_context, Journal& journal,
               GatewayMetrics& metrics)
    : options_(std::move(options)),
      metrics_(metrics),
      work_(asio::make_work_guard(context_)),
      mailbox_(context_),
      sweep_timer_(context_),
      departure_timer_(context_),
      rooms_(options_.index, options_.gateway, {mailbox_, loop::Mailbox(hub_context)}, hub, journal,
             metrics) {}

Worker::~Worker() {
  stop();
}

void Worker::start(std::unique_ptr<RoomStore> store, History* history) {
  rooms_.start(std::move(store), history);
  rooms_.trace_with(options_.tracer);
  socketio_ = std::make_unique<engineio::Endpoint>(
      context_,
      engineio::EndpointOptions{options_.gateway, options_.index, options_.workers, options_.engine,
                                options_.origins, [this] { metrics_.slow_consumers.Increment(); },
                                [this] { metrics_.refused_sessions.Increment(); }},
      [this] { return make_socketio_client(rooms_.services(), options_.connect_timeout); });
  server_ = std::make_unique<http::Server>(
      context_, flush_list_, options_.limits,
      [this](const http::RequestHead& request) { return route(request); },
      http::ServerEvents{[this] { metrics_.listener_errors.Increment(); },
                         [this] { metrics_.slow_consumers.Increment(); }, options_.transfer,
                         [this] { metrics_.refused_connections.Increment(); }},
      options_.identity);
  mailbox_.post([this] { sweep(); });
  thread_ = std::thread([this] { run(); });
}

http::Routing Worker::route(const http::RequestHead& request) {
  const std::string_view path = http::path_of(request.target);
  http::Routing routing;
  if (path == "/ws") {
    routing.handler = make_native_client(rooms_.services());
    routing.subprotocol = "chat.v1";
  }
  if (path == "/") routing.answer = http::about_gateway(request.method, options_.origins.page());
  if (path == "/socket.io/") routing = socketio_->route(request);
  return routing;
}

void Worker::adopt(std::shared_ptr<http::TransferredConnection> connection) {
  mailbox_.post([this, connection = std::move(connection)] { server_->adopt(connection); });
}

void Worker::listen(const std::string& address, std::uint16_t port) {
  run_there([&] { server_->listen(address, port); });
}

void Worker::run_there(const std::function<void()>& call) {
  std::promise<void> done;
  mailbox_.post([&call, &done] {
    try {
      call();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

void Worker::run() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    // Items that were added during a flush must not wait for the next event.
    if (flush_list_.empty()) context_.run_one();
    for (int i = 0; i < max_handlers_per_turn && context_.poll_one() > 0; ++i) continue;
    flush_list_.flush_all();
    publish_snapshots();
  }
}

void Worker::publish_snapshots() {
  accepts_in_flight_.store(rooms_.accepts_in_flight(), std::memory_order_release);
  departures_.store(rooms_.departures().size(), std::memory_order_release);
  connections_.store(clients(), std::memory_order_release);
  store_connected_.store(rooms_.store_connected(), std::memory_order_relaxed);
}

std::size_t Worker::clients() const {
  return server_->connections() + socketio_->polling_sessions();
}

void Worker::sweep() {
  const auto now = std::chrono::steady_clock::now();
  server_->sweep(now);
  socketio_->tick(now);
  rooms_.sweep(now);
  set_share(metrics_.connections, counted_connections_, clients());
  set_share(metrics_.polling_sessions, counted_polling_, socketio_->polling_sessions());
  set_share(metrics_.outbox_bytes, counted_outbox_, server_->outbox_bytes() + socketio_->outbox_bytes());
  sweep_timer_.expires_after(sweep_period);
  sweep_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) sweep();
  });
}

void Worker::drain(std::chrono::milliseconds span) {
  run_there([&] {
    is_drained_ = true;
    server_->refuse_upgrades();
    socketio_->stop_accepting();
    rooms_.send_away(std::numeric_limits<std::size_t>::max(), span);
    run_departures();
    publish_snapshots();
  });
}

void Worker::shed(std::size_t count, std::chrono::milliseconds span, std::function<void(std::size_t)> told) {
  mailbox_.post([this, count, span, told = std::move(told)] {
    const std::size_t chosen = is_drained_ ? 0 : rooms_.send_away(count, span);
    metrics_.shed_clients.Increment(static_cast<double>(chosen));
    told(chosen);
    run_departures();
  });
}

/// Setting the timer anew ends the wait of an earlier plan.
void Worker::run_departures() {
  rooms_.departures().run();
  if (rooms_.departures().size() == 0) return;
  departure_timer_.expires_after(departure_period);
  departure_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) run_departures();
  });
}

void Worker::stop_commands() {
  run_there([&] {
    rooms_.stop_commands();
    publish_snapshots();
  });
}

void Worker::close_all(std::uint16_t code, std::string reason) {
  mailbox_.post([this, code, reason = std::move(reason)] {
    rooms_.end_requests();
    server_->close_all(code, reason);
    socketio_->close_all();
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  mailbox_.post([this] { stopping_ = true; });
  thread_.join();
}

}  // namespace chat::gateway
