#include "gateway/history/resuming_reader.hpp"

#include <algorithm>
#include <utility>

namespace chat::gateway {
namespace {

/// A Redis that was restarted begins another epoch, and may have lost later epochs than its newest.
ClosedEpochs closed_for(const ReadReply& stream) {
  if (stream.same_run) return {stream.newest.epoch};
  return {stream.newest.epoch + 1, stream.run};
}

bool is_beyond_newest(const ReadRequest& request, const ReadReply& stream) {
  return request.since && *request.since > stream.newest;
}

/// Whether the stream's answer needs nothing from PostgreSQL.
bool is_enough(const ReadRequest& request, const ReadReply& stream) {
  if (!stream.available) return true;
  if (request.before) return is_enough_before(*request.before, request.history, stream);
  if (!request.since) return stream.entries.size() >= request.history;
  // A cursor beyond the newest was never given to a client, unless this Redis came back with older data.
  return stream.complete || (is_beyond_newest(request, stream) && stream.same_run);
}

/// The last messages of a join: the client can read what is missing before them by `before` later.
bool needs_no_proof(const ReadRequest& request) {
  return !request.since && !request.before;
}

/// The answer to a read that began at the room's floor, where the client had asked for messages before it.
ReadReply marked(ReadReply page, std::optional<Cursor> floor) {
  if (!floor || !page.available) return page;
  page.pruned_to = floor;
  page.complete = false;
  page.newest = std::max(page.newest, *floor);
  return page;
}

}  // namespace

/// Counts the bytes of a page while it waits.
class ResumingReader::WaitingPage {
 public:
  WaitingPage(std::shared_ptr<std::size_t> sum, std::size_t bytes) : sum_(std::move(sum)), bytes_(bytes) {
    *sum_ += bytes_;
  }
  WaitingPage(WaitingPage&& other) noexcept
      : sum_(std::move(other.sum_)), bytes_(std::exchange(other.bytes_, 0)) {}
  WaitingPage& operator=(WaitingPage&&) = delete;
  ~WaitingPage() {
    if (sum_) *sum_ -= bytes_;
  }

 private:
  std::shared_ptr<std::size_t> sum_;
  std::size_t bytes_;
};

ResumingReader::ResumingReader(std::function<void(ReadRequest, ReadHandler)> read, History* history,
                               Post post, Unproven unproven, std::chrono::milliseconds patience,
                               const Clock& clock)
    : read_(std::move(read)),
      history_(history),
      post_(std::move(post)),
      unproven_(unproven),
      patience_(patience),
      clock_(clock) {
  if (history_ != nullptr) waits_.emplace(*history_, post_, clock_);
}

void ResumingReader::read(ReadRequest request, ReadHandler handler) {
  if (history_ == nullptr) return read_(std::move(request), std::move(handler));
  const auto deadline = unproven_ == Unproven::stream ? clock_.now() + patience_ : TimePoint{};
  const ReadRequest copy = request;
  // Most reads end here, and cost no coroutine.
  read_(copy, lifetime_.guard([this, request = std::move(request), handler = std::move(handler),
                               deadline](ReadReply stream) mutable {
    if (is_enough(request, stream)) return handler(std::move(stream));
    tasks_.start(complete(std::move(request), std::move(stream), std::move(handler), deadline));
  }));
}

/// Proves that nothing is missing (ARCHITECTURE.md, "What proves that nothing is missing"). `stream` is what
/// Redis has.
Task ResumingReader::complete(ReadRequest request, ReadReply stream, ReadHandler handler,
                              TimePoint deadline) {
  std::optional<Cursor> floor;
  for (;;) {
    if (is_enough(request, stream)) co_return handler(marked(std::move(stream), floor));
    if (is_beyond_newest(request, stream)) {
      stream.entries.clear();
      stream.more = false;
    }
    const auto waiting = begin_waiting(stream);
    if (!waiting) co_return handler(needs_no_proof(request) ? std::move(stream) : ReadReply{});

    // The rows prove the page by their numbers alone, or once PostgreSQL has stored everything that Kafka
    // had.
    const ClosedEpochs closed = closed_for(stream);
    ProvenStored proven{.older = waits_->are_stored(request.room, closed)};
    std::optional<ReadReply> page;
    bool is_floor_new = false;
    for (;;) {
      page = page_of_cached(request, stream, proven);
      if (page) break;
      HistoryRows rows =
          co_await ask<HistoryRows>([&](auto answer) { read_rows(request, stream, std::move(answer)); });
      if (needs_no_proof(request)) {
        if (rows.available) {
          prepend_older(stream, rows, request.history);
          stream.source = PageSource::redis_and_postgres;
        }
        co_return handler(std::move(stream));
      }
      is_floor_new = request.since && is_below_floor(*request.since, rows);
      if (is_floor_new) {
        request.since = floor = rows.floor;
        break;
      }
      // A live repair waits for a PostgreSQL that is away; a client's join does not.
      const bool is_worth_waiting = rows.available || unproven_ == Unproven::stream;
      if (rows.available) page = page_of(request, stream, std::move(rows), proven);
      if (page || proven.current || !is_worth_waiting) break;
      const bool is_stored =
          co_await ask<bool>([&](auto answer) { waits_->wait(request.room, closed, std::move(answer)); });
      if (!is_stored) break;
      proven = {true, true};
    }
    if (page) page->source = PageSource::redis_and_postgres;
    if (page && stream.same_run) co_return handler(marked(*std::move(page), floor));
    if (!page && !is_floor_new && clock_.now() >= deadline) {
      if (unproven_ == Unproven::unavailable) stream.available = false;
      co_return handler(marked(std::move(stream), floor));
    }

    // Redis is asked again, in three cases. Below the room's floor the read begins anew at the floor. Without
    // a page this is another try, which comes after a wait of a second at least. With a page Redis was
    // restarted: an epoch may have begun after it was asked, with lower numbers than the rows show still on
    // their way into PostgreSQL. If Redis answers as before, no epoch has begun, and the page stands.
    ReadReply now = co_await ask<ReadReply>([&](auto answer) { read_(request, std::move(answer)); });
    const bool is_unchanged = now.available && !now.same_run && now.run == stream.run;
    if (page && is_unchanged) co_return handler(marked(*std::move(page), floor));
    stream = std::move(now);
  }
}

/// None if too many pages wait already.
std::optional<ResumingReader::WaitingPage> ResumingReader::begin_waiting(const ReadReply& stream) {
  std::size_t bytes = sizeof(ReadReply);
  for (const RoomEntry& entry : stream.entries) bytes += sizeof(RoomEntry) + entry.message.size();
  if (*waiting_bytes_ + bytes > max_waiting_bytes) return std::nullopt;
  return WaitingPage(waiting_bytes_, bytes);
}

void ResumingReader::read_rows(const ReadRequest& request, const ReadReply& stream,
                               std::function<void(HistoryRows)> handler) {
  const ReadCause cause = unproven_ == Unproven::stream ? ReadCause::repair : cause_of(request);
  if (request.since)
    return history_->read_after(cause, request.room, *request.since,
                                rows_wanted_until(*request.since, stream), post_, std::move(handler));
  Cursor before = request.before.value_or(Cursor{max_json_integer, max_json_integer});
  if (!request.before && !stream.entries.empty()) before = stream.entries.front().cursor;
  history_->read_before(cause, request.room, before, request.history, post_, std::move(handler));
}

std::optional<ReadReply> ResumingReader::page_of_cached(const ReadRequest& request, const ReadReply& stream,
                                                        ProvenStored proven) const {
  if (!request.since) return std::nullopt;
  const Cursor until = rows_wanted_until(*request.since, stream);
  const auto rows = cache_.find(request.room, *request.since, until, clock_.now());
  return rows ? merge_after(*request.since, stream, *rows, proven) : std::nullopt;
}

std::optional<ReadReply> ResumingReader::page_of(const ReadRequest& request, const ReadReply& stream,
                                                 HistoryRows rows, ProvenStored proven) {
  if (request.before) return merge_before(*request.before, request.history, stream, rows, proven);
  auto page = merge_after(*request.since, stream, rows, proven);
  // Rows whose page was proven by their own numbers, or by an earlier wait, will not change.
  if (page && !proven.current && stream.same_run)
    cache_.put(request.room, *request.since, rows_wanted_until(*request.since, stream), std::move(rows),
               clock_.now());
  return page;
}

}  // namespace chat::gateway
