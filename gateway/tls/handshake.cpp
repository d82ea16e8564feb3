#include "gateway/tls/handshake.hpp"

namespace chat::gateway::tls {

loop::Task<std::optional<HandshakeFailure>> shake_hands(ClientStream& stream) {
  using boost::asio::socket_base;
  for (;;) {
    const Outcome outcome = stream.channel()->shake_hands().outcome;
    if (outcome == Outcome::done) co_return std::nullopt;
    if (outcome == Outcome::ended || outcome == Outcome::failed) co_return stream.channel()->failure();
    const auto wanted = outcome == Outcome::wants_read ? socket_base::wait_read : socket_base::wait_write;
    const auto [error] = co_await stream.socket().async_wait(wanted, loop::use_task);
    if (!stream.socket().is_open()) co_return HandshakeFailure::timeout;
    if (error) co_return HandshakeFailure::closed;
  }
}

}  // namespace chat::gateway::tls
