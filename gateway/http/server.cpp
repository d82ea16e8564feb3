#include "gateway/http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sys/resource.h>

#include "gateway/http/listener.hpp"
#include "gateway/http/serve.hpp"
#include "gateway/http/server_state.hpp"

namespace chat::gateway::http {
namespace {

/// The kernel gives the lowest free descriptor, so its number says how many the process holds.
bool is_near_the_limit(int descriptor) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  return static_cast<rlim_t>(descriptor) >= limit.rlim_cur / 100 * 95 + limit.rlim_cur % 100 * 95 / 100;
}

}  // namespace

class Server::Implementation {
 public:
  Implementation(boost::asio::io_context& context, loop::FlushList& flush_list, ws::ConnectionLimits limits,
                 Router router, ServerEvents events, std::shared_ptr<const tls::ServerIdentity> identity)
      : executor_(context.get_executor()),
        state_(std::make_shared<ServerState>(
            ServerState{std::move(router), std::move(events.on_transfer),
                        std::make_shared<loop::Environment>(
                            loop::Environment{flush_list, limits, std::move(events.on_slow_consumer)}),
                        std::move(identity)})),
        on_accept_error_(std::move(events.on_accept_error)),
        on_at_capacity_(std::move(events.on_at_capacity)) {}

  ~Implementation() {
    if (listener_) listener_->stop();
    listener_.reset();
    // A request that has already come may still be routed in a later turn.
    state_->router = [](const RequestHead&) { return Routing{}; };
    for (HttpSession& session : state_->http_sessions) session.cut();
    while (!members().empty()) {
      loop::Member& member = members().front();
      member.unlink();
      member.abandon();
    }
  }

  void listen(const std::string& address, std::uint16_t port) {
    auto listener = std::make_shared<Listener>(
        executor_, [this](loop::Socket socket) { admit(std::move(socket)); }, on_accept_error_);
    listener->open(address, port);
    listener_ = listener;
    boost::asio::co_spawn(executor_, Listener::run(std::move(listener)), boost::asio::detached);
  }

  void refuse_upgrades() {
    state_->is_stopped = true;
    for (HttpSession& session : state_->http_sessions) {
      if (!session.has_exchanged) session.cut();
    }
  }

  void adopt(const std::shared_ptr<TransferredConnection>& connection) {
    boost::asio::co_spawn(executor_, serve_transferred(executor_, connection, state_), boost::asio::detached);
  }

  void close_all(std::uint16_t code, std::string_view reason) {
    for (loop::Member& member : members()) member.close(code, reason);
  }

  void sweep(std::chrono::steady_clock::time_point now) {
    state_->environment->now = now;
    for (HttpSession& session : state_->http_sessions) {
      if (now >= session.deadline) session.cut();
    }
    outbox_bytes_ = 0;
    for (loop::Member& member : members()) {
      outbox_bytes_ += member.outbox_bytes();
      member.sweep(now);
    }
  }

  std::size_t outbox_bytes() const { return outbox_bytes_; }

  std::size_t connections() const { return state_->environment->open_connections; }

 private:
  loop::Environment::Members& members() { return state_->environment->members; }

  void admit(loop::Socket socket) {
    const Admission admission =
        is_near_the_limit(socket.native_handle()) ? Admission::at_capacity : Admission::welcome;
    if (admission == Admission::at_capacity && on_at_capacity_) on_at_capacity_();
    std::unique_ptr<tls::Channel> channel;
    if (state_->identity) {
      boost::system::error_code error;
      socket.native_non_blocking(true, error);
      if (error) return;
      channel = std::make_unique<tls::Channel>(*state_->identity->certificate(), socket.native_handle());
    }
    boost::asio::co_spawn(
        executor_,
        serve_accepted(tls::ClientStream(std::move(socket), std::move(channel)), state_, admission),
        boost::asio::detached);
  }

  loop::Executor executor_;
  std::shared_ptr<ServerState> state_;
  std::function<void()> on_accept_error_;
  std::function<void()> on_at_capacity_;
  std::size_t outbox_bytes_ = 0;
  std::shared_ptr<Listener> listener_;
};

Server::Server(boost::asio::io_context& context, loop::FlushList& flush_list, ws::ConnectionLimits limits,
               Router router, ServerEvents events, std::shared_ptr<const tls::ServerIdentity> identity)
    : implementation_(std::make_unique<Implementation>(context, flush_list, limits, std::move(router),
                                                       std::move(events), std::move(identity))) {}

Server::~Server() = default;

void Server::listen(const std::string& address, std::uint16_t port) {
  implementation_->listen(address, port);
}

void Server::adopt(const std::shared_ptr<TransferredConnection>& connection) {
  implementation_->adopt(connection);
}

void Server::refuse_upgrades() {
  implementation_->refuse_upgrades();
}

void Server::close_all(std::uint16_t code, std::string_view reason) {
  implementation_->close_all(code, reason);
}

void Server::sweep(std::chrono::steady_clock::time_point now) {
  implementation_->sweep(now);
}

std::size_t Server::outbox_bytes() const {
  return implementation_->outbox_bytes();
}

std::size_t Server::connections() const {
  return implementation_->connections();
}

}  // namespace chat::gateway::http
