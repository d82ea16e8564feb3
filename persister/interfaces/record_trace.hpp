// Which trace a record belongs to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/tracing/tracer.hpp"
#include "common/wire/cursor.hpp"

namespace chat::persister {

/// Of a record whose header says that its message is traced. `read`: when it came.
struct RecordTrace {
  tracing::TraceParent parent;
  tracing::TimeStamp read = 0;
};

/// Most records have none.
using RecordTracePtr = std::shared_ptr<const RecordTrace>;

/// A stored message whose receipt is to be traced. `parent`: the span of its storing.
struct TracedReceipt {
  std::string room;
  Cursor cursor;
  Uuid id;
  Uuid trace;
  tracing::SpanId parent = 0;
  tracing::TimeStamp committed = 0;
};

}  // namespace chat::persister
