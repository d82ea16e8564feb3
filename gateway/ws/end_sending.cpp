#include "gateway/ws/end_sending.hpp"

#include <cerrno>
#include <tuple>

#include <sys/socket.h>

namespace chat::gateway::ws {

loop::Task<void> end_sending(tls::ClientStream& stream) {
  using boost::asio::socket_base;
  boost::system::error_code error;
  stream.end_sending(error);
  loop::Socket& socket = stream.socket();
  while (!error) {
    std::tie(error) = co_await socket.async_wait(socket_base::wait_read, loop::use_task);
    if (error) break;
    // MSG_TRUNC throws the bytes away without copying them.
    const ssize_t dropped = ::recv(socket.native_handle(), nullptr, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
    if (dropped == 0 || (dropped < 0 && errno != EAGAIN && errno != EINTR)) break;
  }
}

}  // namespace chat::gateway::ws
