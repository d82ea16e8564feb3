#include "gateway/http/listener.hpp"

#include <cerrno>
#include <stdexcept>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log/log.hpp"
#include "gateway/http/server.hpp"

namespace chat::gateway::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int backlog = 4096;
constexpr int max_shed_at_once = 64;
constexpr std::chrono::milliseconds pause_when_full{200};

[[noreturn]] void fail(const std::string& address, std::uint16_t port, const std::string& reason) {
  throw std::runtime_error("Cannot listen on " + address + " port " + std::to_string(port) + ": " + reason +
                           ".");
}

void allow_sharing(int descriptor, boost::system::error_code& error) {
  const int on = 1;
  if (::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    error.assign(errno, boost::system::system_category());
  }
}

enum class Sharing { alone, with_other_workers };

template <class Acceptor>
void bind(Acceptor& acceptor, const std::string& address, std::uint16_t port, Sharing sharing) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) fail(address, port, "this is not an IP address");
  const tcp::endpoint endpoint(ip, port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && sharing == Sharing::with_other_workers) allow_sharing(acceptor.native_handle(), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use)
    fail(address, port, "another process has it, choose another port");
  if (error) fail(address, port, error.message());
}

bool is_out_of_resources(const boost::system::error_code& error) {
  return error == asio::error::no_descriptors || error.value() == ENFILE || error.value() == ENOMEM ||
         error.value() == ENOBUFS;
}

}  // namespace

std::uint16_t check_port_is_free(const std::string& address, std::uint16_t port) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context);
  bind(acceptor, address, port, Sharing::alone);
  return acceptor.local_endpoint().port();
}

Listener::Listener(const loop::Executor& executor, OnSocket on_socket, std::function<void()> on_error)
    : acceptor_(executor),
      pause_(executor),
      on_socket_(std::move(on_socket)),
      on_error_(std::move(on_error)) {
  take_spare();
}

Listener::~Listener() {
  if (spare_ >= 0) ::close(spare_);
}

void Listener::open(const std::string& address, std::uint16_t port) {
  bind(acceptor_, address, port, Sharing::with_other_workers);
  boost::system::error_code error;
  acceptor_.listen(backlog, error);
  if (error) fail(address, port, error.message());
}

loop::Task<void> Listener::run(std::shared_ptr<Listener> self) {
  while (self->acceptor_.is_open()) {
    auto [error, socket] = co_await self->acceptor_.async_accept(loop::use_task);
    if (!self->acceptor_.is_open()) co_return;
    if (!error) {
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      self->on_socket_(std::move(socket));
      continue;
    }
    // No error is final. The acceptor pauses, so that a lasting error does not take a whole core.
    if (self->on_error_) self->on_error_();
    log::warning("accepting a connection failed, trying again", {{"reason", error.message()}});
    if (is_out_of_resources(error)) self->shed();
    self->pause_.expires_after(pause_when_full);
    co_await self->pause_.async_wait(loop::use_task);
  }
}

void Listener::shed() {
  if (spare_ < 0) return take_spare();
  ::close(spare_);
  // Clients in the kernel's queue are closed at once, instead of hanging.
  for (int shed = 0; shed < max_shed_at_once; ++shed) {
    const int waiting = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (waiting < 0) break;
    ::close(waiting);
  }
  take_spare();
}

void Listener::take_spare() {
  spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void Listener::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace chat::gateway::http
