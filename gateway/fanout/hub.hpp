// The bus thread's side of the fan-out: which worker wants which room, one encoded frame per message, one
// batch per worker.
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

#include "common/base/time_source.hpp"
#include "common/wire/stored_numbers.hpp"
#include "gateway/bus/bus.hpp"
#include "gateway/chat/gateway_metrics.hpp"
#include "gateway/chat/rate_window.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/connection/frame.hpp"
#include "gateway/connection/lazy_frame.hpp"
#include "gateway/fanout/presences.hpp"
#include "gateway/fanout/recent_ids.hpp"
#include "gateway/fanout/room_feed.hpp"

namespace chat::gateway {

/// What one worker is told of a room: a message, or else numbers that are stored, or who types.
struct BatchItem {
  std::shared_ptr<const std::string> room;
  Cursor cursor;
  ws::FrameBytes frame;                         // null for all but a message
  std::shared_ptr<const StoredNumbers> stored;  // null for all but these
  std::shared_ptr<ws::LazyFrame> second{};      // of a message: the frame of Socket.IO clients
  std::shared_ptr<const Typing> typing{};       // null for all but this
  bool is_late = false;                         // a message whose epoch is below one that was shown
};
using Batch = std::vector<BatchItem>;

/// What a batch takes in memory until it is handled.
std::size_t weight_of(const Batch& batch);

/// A worker as the hub sees it. The calls post to the worker's thread and keep their order.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  virtual void post_batch(Batch batch) = 0;
  /// What was posted in batches and is not handled yet.
  virtual std::size_t backlog_bytes() const = 0;
  virtual void post_subscribed(std::string room, std::uint64_t token) = 0;
  /// The subscription of one of its rooms broke and is there again: what the persister told meanwhile was
  /// missed, while missed messages are read and posted.
  virtual void post_resubscribed() = 0;
  /// Room::report_attendance and Room::on_presence.
  virtual void post_attendance_wanted(std::string room, bool is_wanted) = 0;
  virtual void post_presence(std::string room, std::shared_ptr<const Presence> presence) = 0;
};

struct HubTiming {
  /// A room that everybody left stays subscribed for a while, since people come back to rooms.
  std::chrono::milliseconds keep_subscription{5000};
  std::chrono::milliseconds read_again_after{1000};
  /// How often rooms that had to be left behind are looked at (Hub::max_backlog_bytes).
  std::chrono::milliseconds catch_up_after{100};
  PresenceTiming presence{};
};

/// Everything on the bus thread; want() and unwant() are posted there by the workers' own ports.
class Hub : public BusListener {
 public:
  /// Over that much a worker is too far behind: its rooms get no messages until it has caught up, and then
  /// read from the stream what they missed.
  static constexpr std::size_t max_backlog_bytes = std::size_t{64} * 1024 * 1024;

  /// Rooms that everybody left and that stay subscribed for a while; further ones end at once.
  static constexpr std::size_t max_unused_rooms = 10'000;

  /// `context` is the bus thread's, `gateway` this one's name. `bus` is set before the first call of want (it
  /// needs this listener first).
  Hub(boost::asio::io_context& context, GatewayMetrics& metrics, std::string gateway, HubTiming timing = {},
      TimeSource time = {});

  void attach(Bus& bus, std::vector<WorkerPort*> workers);

  /// From worker `worker`: answers with post_subscribed once every later message will be posted.
  void want(std::size_t worker, const std::string& room, std::uint64_t token);
  void unwant(std::size_t worker, const std::string& room);

  /// As HubPort, from worker `worker`.
  void tell_typing(const std::string& room, const TypingNotice& notice);
  void watch(std::size_t worker, const std::string& room, bool is_watched);
  void attend(std::size_t worker, const std::string& room, Attendance attendance);

  /// The gateway has no members any more, and tells it to the others; `done` is destroyed once Redis has
  /// that, or will not get it.
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
    bool is_unused = false;   // it is counted in unused_rooms_
    bool has_missed = false;  // it is in missed_
    bool wants_read = false;  // that its feed has asked for, once its workers have caught up
    std::uint64_t life = 0;   // told apart from an earlier room of the name by replies that come late
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
  const TimeSource time_;
  Bus* bus_ = nullptr;
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
  std::uint64_t encoded_ = 0;
  std::size_t held_by_feeds_ = 0;
  std::int64_t highest_epoch_ = 0;
  std::unordered_map<std::string, HubRoom, NameHash, std::equal_to<>> rooms_;
  Presences presences_;
};

}  // namespace chat::gateway
