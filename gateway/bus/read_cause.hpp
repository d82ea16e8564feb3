// Why a room is read, for the counters of reads.
#pragma once

#include <string>

#include <prometheus/counter.h>

#include "common/metrics/metrics.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// join: without a cursor; resume: a join with one; history: older pages; repair: live messages that are
/// missing on this gateway.
enum class ReadCause { join, resume, history, repair };

/// Of a client's read.
inline ReadCause cause_of(const ReadRequest& request) {
  if (request.before) return ReadCause::history;
  return request.since ? ReadCause::resume : ReadCause::join;
}

/// One counter for each cause. Any thread.
struct ReadCounters {
  ReadCounters(Metrics& metrics, const std::string& name, const std::string& help)
      : join(metrics.counter(name, help, {{"cause", "join"}})),
        resume(metrics.counter(name, help, {{"cause", "resume"}})),
        history(metrics.counter(name, help, {{"cause", "history"}})),
        repair(metrics.counter(name, help, {{"cause", "repair"}})) {}

  prometheus::Counter& of(ReadCause cause) const {
    switch (cause) {
      case ReadCause::join:
        return join;
      case ReadCause::resume:
        return resume;
      case ReadCause::history:
        return history;
      case ReadCause::repair:
        break;
    }
    return repair;
  }

  prometheus::Counter& join;
  prometheus::Counter& resume;
  prometheus::Counter& history;
  prometheus::Counter& repair;
};

/// chat_redis_reads_total{cause}.
inline ReadCounters redis_reads(Metrics& metrics) {
  return {metrics, "chat_redis_reads_total", "Reads of rooms in Redis, by cause"};
}

}  // namespace chat::gateway
