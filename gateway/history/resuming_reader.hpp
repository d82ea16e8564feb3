// Reads of rooms that continue in PostgreSQL where Redis has no more.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "common/base/clock.hpp"
#include "common/base/lifetime.hpp"
#include "common/base/task.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/history/history.hpp"
#include "gateway/history/merge.hpp"
#include "gateway/history/row_cache.hpp"
#include "gateway/history/stored_waits.hpp"

namespace chat::gateway {

using ReadHandler = std::function<void(ReadReply)>;

/// On one thread. Answers as RoomStore::read. An answer is `complete` only where that is proven, else it is
/// not available: the client is told `unavailable` and its cursor stays valid. A read after a cursor below
/// the room's floor is answered from the floor on, not `complete` and with `pruned_to`, if what follows the
/// floor is proven. Without a history the stream's answers are passed on.
class ResumingReader {
 public:
  enum class Unproven { unavailable, stream };

  /// While so many bytes of pages wait for PostgreSQL, a further read is answered as not available.
  static constexpr std::size_t max_waiting_bytes = std::size_t{64} * 1024 * 1024;

  /// Outlasts the persister's pause.
  static constexpr std::chrono::milliseconds default_patience = std::chrono::seconds(90);

  /// `read` asks Redis. `history` may be null, outlives the reader, and reaches its thread through `post`.
  /// `unproven`: what is answered if nothing can be proven or PostgreSQL is away. The stream's own answer is
  /// given only after `patience` of trying.
  ResumingReader(std::function<void(ReadRequest, ReadHandler)> read, History* history, Post post,
                 Unproven unproven = Unproven::unavailable,
                 std::chrono::milliseconds patience = default_patience, const Clock& clock = Clock::real());

  void read(ReadRequest request, ReadHandler handler);

 private:
  using TimePoint = Clock::TimePoint;
  class WaitingPage;

  Task complete(ReadRequest request, ReadReply stream, ReadHandler handler, TimePoint deadline);
  std::optional<WaitingPage> begin_waiting(const ReadReply& stream);
  void read_rows(const ReadRequest& request, const ReadReply& stream,
                 std::function<void(HistoryRows)> handler);
  std::optional<ReadReply> page_of_cached(const ReadRequest& request, const ReadReply& stream,
                                          ProvenStored proven) const;
  std::optional<ReadReply> page_of(const ReadRequest& request, const ReadReply& stream, HistoryRows rows,
                                   ProvenStored proven);

  const std::function<void(ReadRequest, ReadHandler)> read_;
  History* const history_;
  const Post post_;
  const Unproven unproven_;
  const std::chrono::milliseconds patience_;
  const Clock& clock_;
  std::optional<StoredWaits> waits_;  // with a history
  RowCache cache_;
  /// Of the pages whose reads wait for PostgreSQL. Shared with the reads, since an answer may end the reader.
  const std::shared_ptr<std::size_t> waiting_bytes_ = std::make_shared<std::size_t>(0);
  const Lifetime lifetime_;
  TaskScope tasks_;
};

}  // namespace chat::gateway
