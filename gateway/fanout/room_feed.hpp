// Decides which publications of a room are passed on, in which order, and when a hole must be read. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// The one order of a room's messages on this gateway (ARCHITECTURE.md, "What proves that nothing is
/// missing"). Inputs are publications, subscription events and replies of reads. Outputs are messages to pass
/// on and requests to read. On the bus thread.
class RoomFeed {
 public:
  /// For all feeds of a gateway together; `all_held` counts it and outlives them.
  static constexpr std::size_t max_held_by_all = std::size_t{64} * 1024 * 1024;

  explicit RoomFeed(std::size_t& all_held) : all_held_(all_held) {}
  ~RoomFeed() { all_held_ -= held_bytes_; }
  RoomFeed(const RoomFeed&) = delete;
  RoomFeed& operator=(const RoomFeed&) = delete;

  /// The result of an input. `pass_on` is in order. `read` asks for a read from next_since(); on_read() takes
  /// its reply.
  struct Step {
    std::vector<RoomEntry> pass_on;
    /// Messages of an epoch below one that was passed on: Redis numbers the room by a clock that is behind.
    /// They are delivered after everything before.
    std::vector<RoomEntry> late;
    /// The epoch that Redis must be told, since it numbers below it; else 0.
    std::int64_t tell_epoch = 0;
    bool read = false;
    bool became_ready = false;  // the first read after the first subscription is done: members may join
    std::size_t dropped = 0;    // passed on already
    std::size_t gaps_detected = 0;
    std::size_t gaps_repaired = 0;
    std::size_t gaps_unrepaired = 0;
  };

  /// The subscription is confirmed, for the first time or again after a loss.
  Step on_subscribed();
  void on_lost();

  /// A publication was left out, and later ones may be too, until on_missed_read() asks for the read that
  /// shows them.
  void on_missed();
  Step on_missed_read() { return start_read(); }

  /// True if the message is the next one and may be passed on as it is, without a copy. This is the hot path;
  /// otherwise on_publication decides.
  bool accept_next(Cursor cursor);
  Step on_publication(Cursor cursor, std::string_view message);

  /// The reply of the read that a step asked for. If it is not available, the feed asks again, up to 90 times
  /// at about 1 s each, and then goes on with what it has. Tries count from the last subscription on, and
  /// only while the room is subscribed.
  Step on_read(const ReadReply& reply);

  /// The last message that was passed on, except late ones.
  const Cursor& cursor() const { return cursor_; }
  /// The cursor of the next read; none for the first read.
  std::optional<Cursor> next_since() const;
  bool is_ready() const { return ready_; }
  bool is_reading() const { return reading_; }
  bool is_subscribed() const { return subscribed_; }

 private:
  Step start_read();
  Step on_lower(Cursor cursor, std::string_view message);
  bool is_late_and_next(Cursor cursor) const;
  void note_lower(Step& step, const ReadReply& reply);
  void on_late_read(Step& step, const ReadReply& reply);
  void finish_read(Step& step);
  void hold(Cursor cursor, std::string_view message);
  std::vector<RoomEntry> take_held();
  void pass_held(Step& step);
  void append(Step& step, Cursor cursor, std::string message);
  bool follows(Cursor cursor) const;

  std::size_t& all_held_;
  bool ready_ = false;  // the first cursor is known
  bool subscribed_ = false;
  bool reading_ = false;
  bool broken_ = false;  // the subscription broke since the last complete read: a new epoch proves nothing
  /// The subscription was confirmed during a read, or held messages were dropped.
  bool read_again_ = false;
  int failed_reads_ = 0;
  Cursor cursor_;
  std::optional<Cursor> late_;  // the last late message that was passed on
  bool reading_late_ = false;
  std::vector<RoomEntry> held_;
  std::size_t held_bytes_ = 0;
};

}  // namespace chat::gateway
