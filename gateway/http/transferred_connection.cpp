#include "gateway/http/transferred_connection.hpp"

#include <utility>

#include <unistd.h>

namespace chat::gateway::http {

TransferredConnection::TransferredConnection(int descriptor, boost::asio::ip::tcp protocol,
                                             std::unique_ptr<Parser> read, boost::beast::flat_buffer rest)
    : parser(std::move(read)), buffer(std::move(rest)), descriptor_(descriptor), protocol_(protocol) {}

TransferredConnection::~TransferredConnection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

loop::Socket TransferredConnection::take_socket(const loop::Executor& executor) {
  loop::Socket socket(executor);
  boost::system::error_code error;
  socket.assign(protocol_, descriptor_, error);
  if (!error) descriptor_ = -1;
  return socket;
}

}  // namespace chat::gateway::http
