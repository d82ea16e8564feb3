// The Engine.IO sessions of one worker, by id, and the timer of their deadlines.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include "gateway/engineio/engine_session.hpp"
#include "gateway/loop/task.hpp"

namespace chat::gateway::engineio {

/// All calls on the worker's thread, which runs `context`.
class SessionTable {
 public:
  using Session = std::shared_ptr<EngineSession>;
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `on_slow_consumer` (may be empty) is called for each session that ended as too slow.
  SessionTable(boost::asio::io_context& context, std::function<void()> on_slow_consumer)
      : on_slow_consumer_(std::move(on_slow_consumer)), timer_(context.get_executor()) {}

  void add(const Session& session);

  /// Null for an unknown or closed one.
  Session find(std::string_view sid) const;

  /// To be called after each call into a session. Reads its deadline, and forgets it once it is closed.
  void update(const Session& session);

  /// To be called once a second. Also finds sessions that ended or changed their deadline by themselves.
  void tick(TimePoint now);

  /// Closes every session after its waiting frames.
  void close_all();

  /// Ends every session at once.
  void end_all();

  /// Open sessions without a WebSocket, as of the last tick.
  std::size_t polling() const { return polling_; }

  /// What waits for the polls of these sessions, with 64 bytes for each frame.
  std::size_t outbox_bytes() const { return outbox_bytes_; }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Session session;
    TimePoint due = TimePoint::max();
  };

  std::vector<Session> sessions() const;
  void schedule(Entry& entry, TimePoint due);
  void arm();
  void on_timer();

  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop::Executor>;

  std::unordered_map<std::string_view, Entry> entries_;  // by the session's own string
  /// A session may have several entries here; only the one with the time of entries_ counts.
  std::multimap<TimePoint, std::weak_ptr<EngineSession>> due_;
  std::size_t polling_ = 0;
  std::size_t outbox_bytes_ = 0;
  const std::function<void()> on_slow_consumer_;
  Timer timer_;
};

}  // namespace chat::gateway::engineio
