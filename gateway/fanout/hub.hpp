// The fan-out on the bus thread: which worker wants which room, one encoded frame per message, one batch per
// worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/clock.hpp"
#include "common/tracing/tracer.hpp"
#include "common/wire/stored_numbers.hpp"
#include "gateway/bus/bus.hpp"
#include "gateway/chat/chat_spans.hpp"
#include "gateway/chat/gateway_metrics.hpp"
#include "gateway/chat/rate_window.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/connection/frame.hpp"
#include "gateway/connection/lazy_frame.hpp"
#include "gateway/fanout/presences.hpp"
#include "gateway/fanout/recent_ids.hpp"
#include "gateway/fanout/room_feed.hpp"

namespace chat::gateway {

/// One item for one worker: a message of a room, stored numbers, or typing.
struct BatchItem {
  std::shared_ptr<const std::string> room;
  Cursor cursor;
  ws::FrameBytes frame;                          // of a message, else null
  std::shared_ptr<const StoredNumbers> stored;   // null unless this is stored numbers
  std::shared_ptr<ws::LazyFrame> socketio{};     // of a message: the frame for Socket.IO clients
  std::shared_ptr<const Typing> typing{};        // null unless this is typing
  bool is_late = false;                          // a message whose epoch is below one that was delivered
  std::shared_ptr<const DeliveryTrace> trace{};  // null unless the message is traced
};
using Batch = std::vector<BatchItem>;

/// The bytes of memory that a batch takes until it is handled.
std::size_t weight_of(const Batch& batch);

/// A worker as the hub sees it. The calls are posted to the worker's thread and keep their order.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  /// `since`: when the oldest publication of the batch was read.
  virtual void post_batch(Batch batch, Clock::TimePoint since) = 0;
  /// The weight of the batches that were posted and are not handled yet.
  virtual std::size_t backlog_bytes() const = 0;
  virtual void post_subscribed(std::string room, std::uint64_t token) = 0;
  /// The subscription of one of its rooms broke and was restored. The persister's publications meanwhile were
  /// missed; missed messages are read and posted.
  virtual void post_resubscribed() = 0;
  /// As Room::report_attendance and Room::on_presence.
  virtual void post_attendance_wanted(std::string room, bool is_wanted) = 0;
  virtual void post_presence(std::string room, std::shared_ptr<const Presence> presence) = 0;
};

struct HubTiming {
  /// A room stays subscribed for a while after its last member left, since members often come back.
  std::chrono::milliseconds keep_subscription{5000};
  std::chrono::milliseconds read_again_after{1000};
  /// How often the hub checks whether workers have caught up (Hub::max_backlog_bytes).
  std::chrono::milliseconds catch_up_after{100};
  PresenceTiming presence{};
};

/// On the bus thread; the workers' ports post want() and unwant() to it.
class Hub : public BusListener {
 public:
  /// Above this a worker is too far behind: its rooms get no messages until it has caught up. Then the missed
  /// messages are read from the stream.
  static constexpr std::size_t max_backlog_bytes = std::size_t{64} * 1024 * 1024;

  /// Rooms without members that stay subscribed for a while. Further ones are unsubscribed at once.
  static constexpr std::size_t max_unused_rooms = 10'000;

  /// `context` is the bus thread's, `gateway` this gateway's name. attach() must come before any other call:
  /// the bus needs this listener first.
  Hub(boost::asio::io_context& context, GatewayMetrics& metrics, std::string gateway, HubTiming timing = {},
      const Clock& clock = Clock::real());

  void attach(Bus& bus, std::vector<WorkerPort*> workers);

  /// Before the bus starts. Null: nothing is traced. Outlives the hub.
  void trace_with(const tracing::Tracer* tracer) { tracer_ = tracer; }

  /// From worker `worker`. Answered by post_subscribed; every message after that answer is posted.
  void want(std::size_t worker, const std::string& room, std::uint64_t token);
  void unwant(std::size_t worker, const std::string& room);

  /// As HubPort, from worker `worker`.
  void tell_typing(const std::string& room, const TypingNotice& notice);
  void watch(std::size_t worker, const std::string& room, bool is_watched);
  void attend(std::size_t worker, const std::string& room, Attendance attendance);

  /// The gateway has no members any more and tells the other gateways. `done` is destroyed once Redis has the
  /// notices, or will not get them.
  void end_presence(std::shared_ptr<void> done);

  void on_publication(std::string_view room, std::string_view message) override;
  void on_batch_end() override;
  void on_subscribed(std::string_view room) override;
  void on_lost() override;
  std::int64_t highest_epoch() const override { return highest_epoch_; }

 private:
  struct Wanted {
    std::size_t worker;
    std::uint64_t token;
  };
  struct HubRoom {
    explicit HubRoom(std::size_t& all_held) : feed(all_held) {}

    std::shared_ptr<const std::string> name;
    RoomFeed feed;
    RecentIds recent;
    std::vector<Wanted> workers;
    RateWindow typing{max_typing_a_second};
    bool is_unused = false;   // counted in unused_rooms_
    bool has_missed = false;  // listed in missed_
    bool wants_read = false;  // the feed waits for a read until the workers have caught up
    std::uint64_t life = 0;   // tells late replies to an earlier room of that name apart
    std::unique_ptr<boost::asio::steady_timer> timer;
  };
  struct NameHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  void end_if_unused(HubRoom& room);
  void apply(HubRoom& room, const RoomFeed::Step& step);
  void read(HubRoom& room);
  void read_later(HubRoom& room);
  void look_at_backlogs();
  bool is_left_behind(const HubRoom& room) const;
  void leave_behind(HubRoom& room);
  void catch_up_later();
  void catch_up();
  void pass_on_other(HubRoom& room, std::string_view publication);
  void pass_on_typing(HubRoom& room, TypingNotice notice);
  Presences::Links presence_links();
  enum class Order { rising, late };
  void pass_on(HubRoom& room, Cursor cursor, const Uuid& id, std::string_view message,
               Order order = Order::rising);
  HubRoom* find(std::string_view name);
  HubRoom* find(const std::string& name, std::uint64_t life);

  boost::asio::io_context& context_;
  GatewayMetrics& metrics_;
  const HubTiming timing_;
  const Clock& clock_;
  Bus* bus_ = nullptr;
  const tracing::Tracer* tracer_ = nullptr;
  std::shared_ptr<void> ending_;  // while end_presence publishes
  std::vector<WorkerPort*> workers_;
  std::vector<Batch> batches_;
  std::size_t unused_rooms_ = 0;
  std::vector<bool> is_behind_;  // by worker
  bool is_any_behind_ = false;
  std::vector<std::pair<std::string, std::uint64_t>> missed_;  // rooms by name and life, each once
  boost::asio::steady_timer catch_up_timer_;
  std::uint64_t next_life_ = 1;
  std::uint64_t publications_ = 0;
  std::optional<Clock::TimePoint> read_since_;  // the first of these
  std::uint64_t encoded_ = 0;
  std::size_t held_by_feeds_ = 0;
  std::int64_t highest_epoch_ = 0;
  std::unordered_map<std::string, HubRoom, NameHash, std::equal_to<>> rooms_;
  Presences presences_;
};

}  // namespace chat::gateway
