// One worker: a thread with its own loop, listener, sessions, rooms and Redis connection.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/engineio/endpoint.hpp"
#include "gateway/fanout/hub.hpp"
#include "gateway/http/server.hpp"
#include "gateway/journal/journal.hpp"
#include "gateway/loop/flush_list.hpp"
#include "gateway/loop/mailbox.hpp"
#include "gateway/worker/worker_rooms.hpp"

namespace chat::gateway {

/// References outlive the worker.
struct WorkerOptions {
  std::size_t index = 0;
  std::string gateway;
  ws::ConnectionLimits limits;
  std::size_t workers = 1;
  engineio::EngineSettings engine;
  std::chrono::milliseconds connect_timeout{45'000};  // of Socket.IO
  http::Origins origins;
  std::shared_ptr<const tls::ServerIdentity> identity;  // null without TLS
  tracing::Tracer* tracer = nullptr;                    // null: nothing is traced
  /// Hands a connection to another worker's adopt().
  std::function<void(std::size_t worker, std::shared_ptr<http::TransferredConnection>)> transfer;
};

/// The main thread makes, starts, drains and destroys it. Everything else happens on its own thread.
class Worker {
 public:
  Worker(WorkerOptions options, Hub& hub, boost::asio::io_context& hub_context, Journal& journal,
         GatewayMetrics& metrics);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// For the room store, which lives on this worker's loop; use before start().
  boost::asio::io_context& context() { return context_; }

  /// The worker as the hub and the journal see it. They post nothing before start().
  WorkerRooms& rooms() { return rooms_; }

  /// Takes the store and starts the thread, which lets the store connect; no client is accepted yet.
  /// `history` outlives the worker's thread; null without PostgreSQL.
  void start(std::unique_ptr<RoomStore> store, History* history);

  /// Opens the listener; throws std::runtime_error when the port cannot be had.
  void listen(const std::string& address, std::uint16_t port);

  /// Serves a connection that another worker accepted. Posts.
  void adopt(std::shared_ptr<http::TransferredConnection> connection);

  /// Takes no more connections, and sends the clients to other gateways within `span` (Departures). Those
  /// that stay go on meanwhile. Returns when all are told.
  void drain(std::chrono::milliseconds span);

  /// Sends at most `count` clients, chosen at random, to other gateways within `span`, unless the worker
  /// drains. Any thread; the number comes to `told` on the worker's.
  void shed(std::size_t count, std::chrono::milliseconds span, std::function<void(std::size_t)> told);

  /// Takes no more commands. Returns when no further send can begin.
  void stop_commands();

  /// Answers every request that still waits, and closes every connection after the frames in its outbox.
  /// Posts.
  void close_all(std::uint16_t code, std::string reason);

  /// Ends the loop and joins the thread. Open connections are dropped.
  void stop();

  /// Snapshots of the last turn, for the main thread.
  std::size_t connections() const { return connections_.load(std::memory_order_acquire); }
  std::size_t departures() const { return departures_.load(std::memory_order_acquire); }
  std::size_t accepts_in_flight() const { return accepts_in_flight_.load(std::memory_order_acquire); }
  bool store_connected() const { return store_connected_.load(std::memory_order_relaxed); }

 private:
  http::Routing route(const http::RequestHead& request);

  /// Runs the call on the worker and waits for it; passes its exception on.
  void run_there(const std::function<void()>& call);
  void run();
  void sweep();
  void run_departures();
  /// Connected clients.
  std::size_t clients() const;
  void publish_snapshots();

  const WorkerOptions options_;
  GatewayMetrics& metrics_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  const loop::Mailbox mailbox_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer departure_timer_;
  bool is_drained_ = false;
  loop::FlushList flush_list_;
  WorkerRooms rooms_;
  std::unique_ptr<engineio::Endpoint> socketio_;
  std::unique_ptr<http::Server> server_;
  std::size_t counted_connections_ = 0;
  std::size_t counted_polling_ = 0;
  std::size_t counted_outbox_ = 0;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> departures_{0};
  std::atomic<std::size_t> accepts_in_flight_{0};
  std::atomic<bool> store_connected_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace chat::gateway
