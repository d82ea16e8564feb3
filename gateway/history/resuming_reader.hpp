// Reads of rooms that go on in PostgreSQL where Redis has no more.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/bus/room_store.hpp"
#include "gateway/history/history.hpp"
#include "gateway/history/merge.hpp"
#include "gateway/history/row_cache.hpp"

namespace chat::gateway {

using ReadHandler = std::function<void(ReadReply)>;

/// On one thread. Answers as RoomStore::read; an answer is `complete` only where that is proven, else not
/// available (PROTOCOL: `unavailable`, the cursor stays valid). Without a history the stream's own answers
/// are passed on.
class ResumingReader {
 public:
  enum class Unproven { unavailable, stream };

  /// A read that comes while so many bytes of pages wait for PostgreSQL is answered as not available.
  static constexpr std::size_t most_waiting_bytes = std::size_t{64} * 1024 * 1024;

  /// `read` asks Redis. `history` may be null, outlives the reader, and reaches its thread through `post`.
  /// `unproven`: what is answered where nothing can be proven, or PostgreSQL is away; the stream as it is
  /// comes only after `patience` of trying, which outlasts the persister's pause.
  ResumingReader(std::function<void(ReadRequest, ReadHandler)> read, History* history, Post post,
                 Unproven unproven = Unproven::unavailable,
                 std::chrono::milliseconds patience = std::chrono::seconds(90));

  void read(ReadRequest request, ReadHandler handler);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  class Weight;
  struct Work;
  using WorkRef = std::shared_ptr<Work>;
  /// The epochs that can get no more messages. `run`: where Redis has not yet numbered one under its present
  /// run, and those above are closed too, up to the first message.
  struct Closed {
    std::int64_t epochs_below = 0;
    std::string run;
    bool operator==(const Closed&) const = default;
  };
  struct Settlement {
    Closed closed;
    TimePoint valid_until{};
    std::vector<WorkRef> waiting;
  };

  static Closed closed_for(const ReadReply& stream);
  void begin(ReadRequest request, ReadHandler handler, TimePoint deadline);
  void on_stream(ReadRequest request, ReadReply stream, ReadHandler handler, TimePoint deadline);
  void ask(const WorkRef& work);
  void ask_after(const WorkRef& work, Cursor since);
  void on_rows(const WorkRef& work, HistoryRows rows);
  void remember(const Work& work, HistoryRows rows);
  void confirm(const WorkRef& work, ReadReply page);
  void settle(const WorkRef& work);
  void on_settled(const std::string& room, const Closed& closed, bool is_settled);
  void fail(const WorkRef& work);
  bool is_settled(const std::string& room, const Closed& closed) const;
  void forget_old_settlements();

  template <class Call>
  auto guarded(Call call);

  const std::function<void(ReadRequest, ReadHandler)> read_;
  History* const history_;
  const Post post_;
  const Unproven unproven_;
  const std::chrono::milliseconds patience_;
  std::unordered_map<std::string, Settlement> settlements_;
  RowCache cache_;
  /// Of the pages whose reads wait for PostgreSQL; outlives the reader with them.
  const std::shared_ptr<std::atomic<std::size_t>> waiting_bytes_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace chat::gateway
