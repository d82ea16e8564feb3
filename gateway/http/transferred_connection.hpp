// A connection on its way from the worker that accepted it to the worker of its request.
#pragma once

#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "gateway/http/parsed_request.hpp"
#include "gateway/loop/task.hpp"
#include "gateway/tls/client_stream.hpp"

namespace chat::gateway::http {

/// Owns the descriptor, which is closed when nobody adopts the connection. Used by one thread at a time.
class TransferredConnection {
 public:
  /// `channel` is null without TLS. `read` is the header that was read, `rest` is the input after it. Takes
  /// the descriptor over.
  TransferredConnection(int descriptor, boost::asio::ip::tcp protocol, std::unique_ptr<tls::Channel> channel,
                        std::unique_ptr<Parser> read, boost::beast::flat_buffer rest);
  ~TransferredConnection();
  TransferredConnection(const TransferredConnection&) = delete;
  TransferredConnection& operator=(const TransferredConnection&) = delete;

  /// The connection on its new loop; not open if that failed.
  tls::ClientStream take_stream(const loop::Executor& executor);

  std::unique_ptr<Parser> parser;
  boost::beast::flat_buffer buffer;

 private:
  int descriptor_;
  boost::asio::ip::tcp protocol_;
  std::unique_ptr<tls::Channel> channel_;
};

}  // namespace chat::gateway::http
