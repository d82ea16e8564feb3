// What the sessions of one worker share.
#pragma once

#include <cstddef>
#include <string>

#include <boost/intrusive/list.hpp>

#include "common/base/clock.hpp"
#include "common/base/random.hpp"
#include "common/tracing/tracer.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/gateway_metrics.hpp"
#include "gateway/chat/rooms.hpp"
#include "gateway/chat/traced_sends.hpp"
#include "gateway/history/history.hpp"
#include "gateway/journal/journal.hpp"

namespace chat::gateway {

/// Links a session into its worker's list until the session is destroyed.
using SessionHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Outlives the sessions. On the worker's thread.
struct SessionServices {
  RoomStore& store;
  Rooms& rooms;
  Journal& journal;
  GatewayMetrics& metrics;
  std::string gateway;
  std::size_t worker = 0;
  History* history = nullptr;  // null without PostgreSQL
  Post post{};                 // to the worker's thread, for the history's answers
  const Clock& clock = Clock::real();
  Random& random = Random::real();  // of which a session's number cannot be predicted
  /// The gateway ends: no send begins any more.
  bool is_draining = false;
  /// Sends whose script has not replied yet. A drain waits for zero.
  std::size_t accepts_in_flight = 0;
  /// Numbers of all sessions that are not known to be stored (SessionReceipts).
  std::size_t stored_waiting = 0;
  boost::intrusive::list<SessionHook, boost::intrusive::constant_time_size<false>> sessions{};
  tracing::Tracer* tracer = nullptr;  // null: nothing is traced
  TracedSends traced{};
};

}  // namespace chat::gateway
