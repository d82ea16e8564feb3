#include "gateway/worker/worker.hpp"

#include <future>
#include <random>
#include <utility>

#include <boost/asio/post.hpp>

#include "gateway/http/query.hpp"
#include "gateway/native/native_client.hpp"
#include "gateway/socketio/socketio_client.hpp"

namespace chat::gateway {
namespace {

namespace asio = boost::asio;

/// Handlers run in one turn before the outboxes are flushed: enough to join frames of several batches into
/// one write under load, few enough to keep the delay of the first under a millisecond.
constexpr int max_handlers_per_turn = 64;

constexpr std::chrono::seconds sweep_period{1};

}  // namespace

/// Asks the hub on its own thread.
class Worker::OwnHub : public HubPort {
 public:
  OwnHub(std::size_t worker, Hub& hub, asio::io_context& hub_context)
      : worker_(worker), hub_(hub), hub_context_(hub_context) {}

  void want(const std::string& room, std::uint64_t token) override {
    asio::post(hub_context_, [worker = worker_, &hub = hub_, room, token] { hub.want(worker, room, token); });
  }

  void unwant(const std::string& room) override {
    asio::post(hub_context_, [worker = worker_, &hub = hub_, room] { hub.unwant(worker, room); });
  }

  void tell_typing(const std::string& room, std::uint64_t session, const std::string& user) override {
    asio::post(hub_context_,
               [&hub = hub_, room, notice = TypingNotice{session, user}] { hub.tell_typing(room, notice); });
  }

  void watch(const std::string& room, bool is_watched) override {
    asio::post(hub_context_,
               [worker = worker_, &hub = hub_, room, is_watched] { hub.watch(worker, room, is_watched); });
  }

  void attend(const std::string& room, Attendance attendance) override {
    asio::post(hub_context_,
               [worker = worker_, &hub = hub_, room, attendance = std::move(attendance)]() mutable {
                 hub.attend(worker, room, std::move(attendance));
               });
  }

 private:
  std::size_t worker_;
  Hub& hub_;
  asio::io_context& hub_context_;
};

Worker::Worker(WorkerOptions options, Hub& hub, asio::io_context& hub_context, Journal& journal,
               GatewayMetrics& metrics)
    : options_(std::move(options)),
      journal_(journal),
      metrics_(metrics),
      work_(asio::make_work_guard(context_)),
      sweep_timer_(context_),
      hub_(std::make_unique<OwnHub>(options_.index, hub, hub_context)) {}

Worker::~Worker() {
  stop();
}

void Worker::start(std::unique_ptr<RoomStore> store, History* history) {
  store_ = std::move(store);
  rooms_ = std::make_unique<Rooms>(*store_, *hub_);
  services_ = std::make_unique<SessionServices>(
      SessionServices{*store_, *rooms_, journal_, metrics_, options_.gateway, options_.index, history,
                      [this](std::function<void()> call) { asio::post(context_, std::move(call)); }});
  inquiry_ = std::make_unique<StoredInquiry>(*services_);
  socketio_ = std::make_unique<engineio::Endpoint>(
      context_,
      engineio::EndpointOptions{options_.gateway, options_.index, options_.workers, options_.engine,
                                options_.origins, [this] { metrics_.slow_consumers.Increment(); }},
      [this] { return make_socketio_client(*services_, options_.connect_timeout); });
  server_ = std::make_unique<http::Server>(
      context_, flush_list_, options_.limits,
      [this](const http::RequestHead& request) { return route(request); },
      http::ServerEvents{[this] { metrics_.accept_errors.Increment(); },
                         [this] { metrics_.slow_consumers.Increment(); }, options_.transfer});
  asio::post(context_, [this] { sweep(); });
  thread_ = std::thread([this] { run(); });
}

http::Routing Worker::route(const http::RequestHead& request) {
  const std::string_view path = http::path_of(request.target);
  http::Routing routing;
  if (path == "/ws") {
    routing.handler = make_native_client(*services_);
    routing.subprotocol = "chat.v1";
  }
  if (path == "/socket.io/") routing = socketio_->route(request);
  return routing;
}

void Worker::adopt(std::shared_ptr<http::TransferredConnection> connection) {
  asio::post(context_, [this, connection = std::move(connection)] { server_->adopt(connection); });
}

void Worker::listen(const std::string& address, std::uint16_t port) {
  run_there([&] { server_->listen(address, port); });
}

void Worker::run_there(const std::function<void()>& call) {
  std::promise<void> done;
  asio::post(context_, [&call, &done] {
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
    // What was added to the list during a flush must not wait for the next event.
    if (flush_list_.empty()) context_.run_one();
    for (int i = 0; i < max_handlers_per_turn && context_.poll_one() > 0; ++i) continue;
    flush_list_.flush_all();
    publish_snapshots();
  }
}

void Worker::publish_snapshots() {
  accepts_in_flight_.store(services_->accepts_in_flight, std::memory_order_release);
  connections_.store(clients(), std::memory_order_release);
  store_connected_.store(store_->connected(), std::memory_order_relaxed);
}

std::size_t Worker::clients() const {
  return server_->connections() + socketio_->polling_sessions();
}

void Worker::sweep() {
  const auto now = std::chrono::steady_clock::now();
  server_->sweep(now);
  socketio_->tick(now);
  rooms_->sweep(now);
  inquiry_->tick(now);
  set_gauges();
  sweep_timer_.expires_after(sweep_period);
  sweep_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) sweep();
  });
}

/// The gauges are sums over the workers, so each adds what changed of its own part.
void Worker::set_gauges() {
  const auto add_change = [](prometheus::Gauge& gauge, std::size_t& counted, std::size_t now) {
    gauge.Increment(static_cast<double>(now) - static_cast<double>(std::exchange(counted, now)));
  };
  add_change(metrics_.connections, counted_connections_, clients());
  add_change(metrics_.polling_sessions, counted_polling_, socketio_->polling_sessions());
  add_change(metrics_.rooms, counted_rooms_, rooms_->size());
  add_change(metrics_.held_bytes, counted_held_, rooms_->held_bytes());
  add_change(metrics_.backlog_bytes, counted_backlog_, backlog_bytes());
  add_change(metrics_.stored_waiting, counted_waiting_, services_->stored_waiting);
}

void Worker::post_batch(Batch batch) {
  const std::size_t bytes = weight_of(batch);
  backlog_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  asio::post(context_, [this, bytes, batch = std::move(batch)] {
    publish(batch);
    backlog_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  });
}

void Worker::publish(const Batch& batch) {
  std::size_t deliveries = 0;
  for (const BatchItem& item : batch) {
    Room* room = rooms_->find(*item.room);
    if (room == nullptr) continue;
    if (item.stored)
      room->on_stored(*item.stored);
    else if (item.typing)
      room->on_typing(*item.typing);
    else
      deliveries += room->publish({item.cursor, ws::make_frame(item.frame), item.second}, item.is_late);
  }
  metrics_.deliveries.Increment(static_cast<double>(deliveries));
}

void Worker::post_subscribed(std::string room, std::uint64_t token) {
  asio::post(context_, [this, room = std::move(room), token] { rooms_->on_subscribed(room, token); });
}

void Worker::post_resubscribed() {
  asio::post(context_, [this] { inquiry_->on_resubscribed(); });
}

void Worker::post_count(std::string room, bool is_wanted) {
  asio::post(context_, [this, room = std::move(room), is_wanted] {
    if (Room* const found = rooms_->find(room)) found->count(is_wanted);
  });
}

void Worker::post_presence(std::string room, std::shared_ptr<const Presence> presence) {
  asio::post(context_, [this, room = std::move(room), presence = std::move(presence)] {
    if (Room* const found = rooms_->find(room))
      metrics_.presence_told.Increment(static_cast<double>(found->on_presence(presence)));
  });
}

void Worker::post_all(std::vector<std::function<void()>> calls) {
  asio::post(context_, [calls = std::move(calls)] {
    for (const auto& call : calls) call();
  });
}

void Worker::drain(int min_reconnect_ms, int max_reconnect_ms) {
  run_there([&] {
    server_->refuse_upgrades();
    socketio_->stop_accepting();
    services_->is_draining = true;
    std::mt19937 engine{std::random_device{}()};
    std::uniform_int_distribution<int> wait(min_reconnect_ms, max_reconnect_ms);
    for (SessionHook& hook : services_->sessions) static_cast<Session&>(hook).drain(wait(engine));
    publish_snapshots();
  });
}

void Worker::close_all(std::uint16_t code, std::string reason) {
  asio::post(context_, [this, code, reason = std::move(reason)] {
    for (SessionHook& hook : services_->sessions) static_cast<Session&>(hook).end_requests();
    server_->close_all(code, reason);
    socketio_->close_all();
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] { stopping_ = true; });
  thread_.join();
}

}  // namespace chat::gateway
