// The parts of a message's trace that the chat itself sees.
#pragma once

#include <cstddef>

#include "common/tracing/tracer.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/traced_sends.hpp"
#include "gateway/journal/journal.hpp"

namespace chat::gateway {

/// From the reading of a send's frame to the reply of its script.
struct AcceptTimes {
  tracing::TimeStamp begun = 0;
  tracing::TimeStamp replied = 0;
};

/// Records the acceptance and the script as spans, and gives the trace of the record that follows. A retry
/// has a span of its own below that of the first send.
RecordTrace trace_accept(tracing::Tracer& tracer, const AcceptRequest& request, const AcceptReply& reply,
                         const AcceptTimes& times);

/// A publication on its way from the hub to the members of one worker.
struct DeliveryTrace {
  Uuid id;
  tracing::TimeStamp received = 0;
};

/// `members` got it by `now`.
void trace_delivery(tracing::Tracer& tracer, const DeliveryTrace& delivery, const std::string& room,
                    Cursor cursor, std::size_t worker, std::size_t members, tracing::TimeStamp now);

/// The sender was told that its message is stored.
void trace_stored(tracing::Tracer& tracer, const TracedSend& send, tracing::TimeStamp now);

}  // namespace chat::gateway
