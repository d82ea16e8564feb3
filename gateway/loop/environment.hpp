// What the connections of one server share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "gateway/connection/connection.hpp"
#include "gateway/connection/frame.hpp"
#include "gateway/loop/flush_list.hpp"
#include "gateway/loop/record_buffer.hpp"

namespace chat::gateway::loop {

/// One open connection, as its server sees it.
class Member
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                              boost::intrusive::tag<class MemberTag>> {
 public:
  virtual ~Member() = default;

  /// Called once a second. Checks the deadlines, sends pings, calls the handler's tick.
  virtual void sweep(std::chrono::steady_clock::time_point now) = 0;

  /// Unsent bytes, as Connection::outbox_bytes.
  virtual std::size_t outbox_bytes() const = 0;

  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  /// Cuts the connection now. Calls the handler's on_closed() inside.
  virtual void abandon() = 0;
};

/// On one worker's thread. Each connection shares the ownership, so it outlives the server.
struct Environment {
  using TimePoint = std::chrono::steady_clock::time_point;
  using Members = boost::intrusive::list<Member,
                                         boost::intrusive::base_hook<boost::intrusive::list_base_hook<
                                             boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                             boost::intrusive::tag<class MemberTag>>>,
                                         boost::intrusive::constant_time_size<false>>;

  FlushList& flush_list;  // a connection that was cut does not touch it
  const ws::ConnectionLimits limits;
  const std::function<void()> on_slow_consumer;  // may be empty

  TimePoint now = std::chrono::steady_clock::now();  // of the last sweep, which is exact enough for deadlines
  Members members{};
  std::size_t open_connections = 0;
  RecordBuffer record{};
  const ws::FrameRef ping = ws::make_frame(ws::Opcode::ping, {});
};

}  // namespace chat::gateway::loop
