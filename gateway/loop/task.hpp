// The coroutine, executor and socket types of a worker. They use io_context itself: a type-erased executor
// costs memory and an indirect call for each operation.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace chat::gateway::loop {

using Executor = boost::asio::io_context::executor_type;

template <class T>
using Task = boost::asio::awaitable<T, Executor>;

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

/// An operation gives its error code as a value.
inline constexpr auto use_task = boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>{});

}  // namespace chat::gateway::loop
