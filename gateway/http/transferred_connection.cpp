#include "gateway/http/transferred_connection.hpp"

#include <utility>

#include <unistd.h>

namespace chat::gateway::http {

TransferredConnection::TransferredConnection(int descriptor, boost::asio::ip::tcp protocol,
                                             std::unique_ptr<tls::Channel> channel,
                                             std::unique_ptr<Parser> read, boost::beast::flat_buffer rest)
    : parser(std::move(read)),
      buffer(std::move(rest)),
      descriptor_(descriptor),
      protocol_(protocol),
      channel_(std::move(channel)) {}

TransferredConnection::~TransferredConnection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

tls::ClientStream TransferredConnection::take_stream(const loop::Executor& executor) {
  loop::Socket socket(executor);
  boost::system::error_code error;
  socket.assign(protocol_, descriptor_, error);
  if (!error) descriptor_ = -1;
  return tls::ClientStream(std::move(socket), std::move(channel_));
}

}  // namespace chat::gateway::http
