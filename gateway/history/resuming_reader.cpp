#include "gateway/history/resuming_reader.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::gateway {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a settlement of closed epochs stands for further reads of its room.
constexpr std::chrono::seconds settlement_life{60};
constexpr std::size_t most_settlements = 1024;

}  // namespace

/// A Redis that started again begins another epoch, and may have lost later ones than its newest.
ResumingReader::Closed ResumingReader::closed_for(const ReadReply& stream) {
  if (stream.same_run) return {stream.newest.epoch, {}};
  return {stream.newest.epoch + 1, stream.run};
}

/// Counts the bytes of a page while it waits.
class ResumingReader::Weight {
 public:
  Weight(std::shared_ptr<std::atomic<std::size_t>> sum, std::size_t bytes)
      : sum_(std::move(sum)), bytes_(bytes) {
    *sum_ += bytes_;
  }
  Weight(Weight&& other) noexcept : sum_(std::move(other.sum_)), bytes_(std::exchange(other.bytes_, 0)) {}
  ~Weight() {
    if (sum_) *sum_ -= bytes_;
  }

 private:
  std::shared_ptr<std::atomic<std::size_t>> sum_;
  std::size_t bytes_;
};

/// One read on its way through PostgreSQL.
struct ResumingReader::Work {
  ReadRequest request;
  ReadReply stream;
  ReadHandler handler;
  TimePoint deadline;  // of trying
  Weight weight;
  Settled settled{};
};

/// The call only while the reader lives.
template <class Call>
auto ResumingReader::guarded(Call call) {
  return [alive = std::weak_ptr(alive_), call = std::move(call)](auto... values) mutable {
    if (!alive.expired()) call(std::move(values)...);
  };
}

ResumingReader::ResumingReader(std::function<void(ReadRequest, ReadHandler)> read, History* history,
                               Post post, Unproven unproven, std::chrono::milliseconds patience)
    : read_(std::move(read)),
      history_(history),
      post_(std::move(post)),
      unproven_(unproven),
      patience_(patience) {}

void ResumingReader::read(ReadRequest request, ReadHandler handler) {
  if (history_ == nullptr) return read_(std::move(request), std::move(handler));
  const bool is_patient = unproven_ == Unproven::stream;
  begin(std::move(request), std::move(handler), is_patient ? Clock::now() + patience_ : TimePoint{});
}

void ResumingReader::begin(ReadRequest request, ReadHandler handler, TimePoint deadline) {
  const ReadRequest copy = request;
  read_(copy, guarded([this, request = std::move(request), handler = std::move(handler),
                       deadline](ReadReply stream) mutable {
          on_stream(std::move(request), std::move(stream), std::move(handler), deadline);
        }));
}

void ResumingReader::on_stream(ReadRequest request, ReadReply stream, ReadHandler handler,
                               TimePoint deadline) {
  bool is_enough = !stream.available;
  if (request.before) {
    is_enough = is_enough || is_enough_before(*request.before, request.history, stream);
  } else if (request.since) {
    // A cursor beyond the newest was never given, unless this Redis came back with older data.
    is_enough = is_enough || stream.complete || (*request.since > stream.newest && stream.same_run);
    if (!is_enough && *request.since > stream.newest) {
      stream.entries.clear();
      stream.more = false;
    }
  } else {
    is_enough = is_enough || stream.entries.size() >= request.history;
  }
  if (is_enough) return handler(std::move(stream));
  std::size_t bytes = sizeof(Work);
  for (const RoomEntry& entry : stream.entries) bytes += sizeof(RoomEntry) + entry.message.size();
  if (*waiting_bytes_ + bytes > most_waiting_bytes) {
    // A join's last messages are those of the stream then.
    const bool needs_proof = request.since || request.before;
    return handler(needs_proof ? ReadReply{} : std::move(stream));
  }
  const auto work = std::make_shared<Work>(
      Work{std::move(request), std::move(stream), std::move(handler), deadline, {waiting_bytes_, bytes}});
  work->settled.older = is_settled(work->request.room, closed_for(work->stream));
  ask(work);
}

void ResumingReader::ask(const WorkRef& work) {
  const ReadRequest& request = work->request;
  if (request.since) return ask_after(work, *request.since);
  Cursor before = request.before.value_or(Cursor{max_json_integer, max_json_integer});
  if (!request.before && !work->stream.entries.empty()) before = work->stream.entries.front().cursor;
  history_->read_before(request.room, before, request.history, post_,
                        guarded([this, work](HistoryRows rows) { on_rows(work, std::move(rows)); }));
}

void ResumingReader::ask_after(const WorkRef& work, Cursor since) {
  const std::string& room = work->request.room;
  const Cursor until = rows_wanted_until(since, work->stream);
  if (const auto rows = cache_.find(room, since, until, Clock::now())) {
    if (auto page = merge_after(since, work->stream, *rows, work->settled))
      return confirm(work, *std::move(page));
  }
  history_->read_after(room, since, until, post_,
                       guarded([this, work](HistoryRows rows) { on_rows(work, std::move(rows)); }));
}

/// Rows whose page was proven by their own numbers, or by an earlier wait, will not change any more.
void ResumingReader::remember(const Work& work, HistoryRows rows) {
  const auto& since = work.request.since;
  if (!since || work.settled.current || !work.stream.same_run) return;
  cache_.put(work.request.room, *since, rows_wanted_until(*since, work.stream), std::move(rows),
             Clock::now());
}

void ResumingReader::on_rows(const WorkRef& work, HistoryRows rows) {
  const ReadRequest& request = work->request;
  if (!request.since && !request.before) {
    // The last messages of a join: what is missing in front can be had by `before` later.
    if (rows.available) prepend_older(work->stream, rows, request.history);
    return work->handler(std::move(work->stream));
  }
  if (!rows.available) {
    // The wait is patient with PostgreSQL, and so may a live repair be, but not a client's join.
    const bool is_patient = unproven_ == Unproven::stream && !work->settled.current;
    return is_patient ? settle(work) : fail(work);
  }
  auto page = request.since
                  ? merge_after(*request.since, work->stream, rows, work->settled)
                  : merge_before(*request.before, request.history, work->stream, rows, work->settled);
  if (page) {
    remember(*work, std::move(rows));
    return confirm(work, *std::move(page));
  }
  if (work->settled.current) return fail(work);
  settle(work);
}

/// Under another run the rows may be of an epoch that began after Redis was asked, with lower numbers still
/// on their way into PostgreSQL. So it is asked again: until its first message all epochs are closed.
void ResumingReader::confirm(const WorkRef& work, ReadReply page) {
  if (work->stream.same_run) return work->handler(std::move(page));
  read_(work->request, guarded([this, work, page = std::move(page)](ReadReply now) mutable {
          const bool is_unchanged = !now.same_run && now.run == work->stream.run;
          if (!now.available) return work->handler(std::move(now));
          if (is_unchanged) return work->handler(std::move(page));
          on_stream(work->request, std::move(now), work->handler, work->deadline);
        }));
}

/// Reads of one room that need the same wait share it.
void ResumingReader::settle(const WorkRef& work) {
  const std::string& room = work->request.room;
  const Closed closed = closed_for(work->stream);
  Settlement& settlement = settlements_[room];
  const bool is_under_way = !settlement.waiting.empty() && settlement.closed == closed;
  if (is_under_way) {
    settlement.waiting.push_back(work);
    return;
  }
  // Of two waits for one room the later one answers for both.
  settlement.closed = closed;
  settlement.valid_until = {};
  settlement.waiting.push_back(work);
  history_->wait_settled(
      room, post_, guarded([this, room, closed](bool is_settled) { on_settled(room, closed, is_settled); }));
}

void ResumingReader::on_settled(const std::string& room, const Closed& closed, bool is_settled) {
  const auto found = settlements_.find(room);
  if (found == settlements_.end() || found->second.closed != closed) return;
  const auto waiting = std::exchange(found->second.waiting, {});
  if (is_settled)
    found->second.valid_until = Clock::now() + settlement_life;
  else
    settlements_.erase(found);
  forget_old_settlements();
  for (const WorkRef& work : waiting) {
    if (!is_settled) {
      fail(work);
      continue;
    }
    work->settled = {true, true};
    ask(work);
  }
}

/// Comes after a wait of a second at least, so that trying again needs no pause.
void ResumingReader::fail(const WorkRef& work) {
  if (Clock::now() < work->deadline) return begin(work->request, std::move(work->handler), work->deadline);
  if (unproven_ == Unproven::unavailable) work->stream.available = false;
  work->handler(std::move(work->stream));
}

/// Which epochs another run has lost, and when they ended, nobody knows: an earlier wait does not speak for
/// them.
bool ResumingReader::is_settled(const std::string& room, const Closed& closed) const {
  const auto found = settlements_.find(room);
  return closed.run.empty() && found != settlements_.end() &&
         found->second.closed.epochs_below >= closed.epochs_below && found->second.valid_until > Clock::now();
}

void ResumingReader::forget_old_settlements() {
  if (settlements_.size() < most_settlements) return;
  const auto now = Clock::now();
  std::erase_if(settlements_, [&](const auto& entry) {
    return entry.second.waiting.empty() && entry.second.valid_until <= now;
  });
  // Those that still stand only save a wait.
  for (auto entry = settlements_.begin();
       entry != settlements_.end() && settlements_.size() >= most_settlements;)
    entry = entry->second.waiting.empty() ? settlements_.erase(entry) : std::next(entry);
}

}  // namespace chat::gateway
