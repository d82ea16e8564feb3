#include "gateway/fanout/room_feed.hpp"

#include <utility>

namespace chat::gateway {
namespace {

/// Tries of a repair, about a second each, before the feed goes on without it.
constexpr int max_failed_reads = 90;

/// Above this, held messages are dropped and read from the stream later.
constexpr std::size_t max_held_bytes = 1024 * 1024;

}  // namespace

RoomFeed::Step RoomFeed::start_read() {
  Step step;
  if (reading_) {
    read_again_ = true;
    return step;
  }
  reading_ = true;
  failed_reads_ = 0;
  step.read = true;
  return step;
}

RoomFeed::Step RoomFeed::on_subscribed() {
  subscribed_ = true;
  failed_reads_ = 0;
  return start_read();
}

void RoomFeed::on_lost() {
  subscribed_ = false;
  broken_ = true;
}

void RoomFeed::on_missed() {
  // It may have begun an epoch, so the next publication proves nothing.
  broken_ = true;
  if (ready_ && !reading_) return;
  take_held();
  read_again_ = true;
}

bool RoomFeed::follows(Cursor cursor) const {
  if (cursor.epoch == cursor_.epoch) return cursor.seq == cursor_.seq + 1;
  // Redis keeps the order of a connection, so on an unbroken subscription the first number of a new epoch
  // follows any number.
  return cursor.epoch > cursor_.epoch && cursor.seq == 1 && !broken_;
}

bool RoomFeed::accept_next(Cursor cursor) {
  if (reading_ || !ready_ || !follows(cursor)) return false;
  cursor_ = cursor;
  return true;
}

void RoomFeed::append(Step& step, Cursor cursor, std::string message) {
  cursor_ = cursor;
  step.pass_on.push_back({cursor, std::move(message)});
}

RoomFeed::Step RoomFeed::on_publication(Cursor cursor, std::string_view message) {
  Step step;
  if (ready_ && cursor.epoch < cursor_.epoch) return on_lower(cursor, message);
  if (ready_ && cursor <= cursor_) {
    step.dropped = 1;
    return step;
  }
  if (!ready_ || reading_) {
    hold(cursor, message);
    return step;
  }
  if (follows(cursor)) {
    append(step, cursor, std::string(message));
    return step;
  }
  hold(cursor, message);
  step = start_read();
  step.gaps_detected = 1;
  return step;
}

bool RoomFeed::is_late_and_next(Cursor cursor) const {
  return late_ && cursor == Cursor{late_->epoch, late_->seq + 1};
}

/// Either the publication was on its way while a newer epoch was read, or Redis's clock is behind. A read
/// shows which.
RoomFeed::Step RoomFeed::on_lower(Cursor cursor, std::string_view message) {
  Step step;
  if (late_ && cursor.epoch == late_->epoch && cursor <= *late_) {
    step.dropped = 1;
  } else if (!reading_ && is_late_and_next(cursor)) {
    late_ = cursor;
    step.late.push_back({cursor, std::string(message)});
    step.tell_epoch = cursor_.epoch;
  } else {
    hold(cursor, message);
    if (!reading_) step = start_read();
  }
  return step;
}

std::optional<Cursor> RoomFeed::next_since() const {
  if (!ready_) return std::nullopt;
  return reading_late_ ? late_ : cursor_;
}

/// Under one run of Redis epochs only rise. If the present epoch began under the present run and is below one
/// that was passed on, this Redis does not know that one, and its messages cannot be read above the cursor.
void RoomFeed::note_lower(Step& step, const ReadReply& reply) {
  if (!reply.begun || reply.begun->epoch >= cursor_.epoch) return;
  step.tell_epoch = cursor_.epoch;
  if (reply.begun->seq == 0 || (late_ && *late_ >= *reply.begun)) return;
  if (!late_ || late_->epoch != reply.begun->epoch) late_ = Cursor{reply.begun->epoch, 0};
  reading_late_ = true;
  step.read = true;
}

void RoomFeed::on_late_read(Step& step, const ReadReply& reply) {
  if (reply.available) {
    for (const RoomEntry& entry : reply.entries) {
      if (entry.cursor.epoch != late_->epoch || entry.cursor <= *late_) continue;
      late_ = entry.cursor;
      step.late.push_back(entry);
    }
    const bool has_more = reply.more && !reply.entries.empty() && reply.entries.back().cursor <= *late_;
    if (has_more) {
      step.read = true;
      return;
    }
    if (!reply.complete) ++step.gaps_unrepaired;
  } else {
    ++step.gaps_unrepaired;
  }
  reading_late_ = false;
  finish_read(step);
}

void RoomFeed::hold(Cursor cursor, std::string_view message) {
  const std::size_t bytes = message.size() + sizeof(RoomEntry);
  if (held_bytes_ + bytes > max_held_bytes || all_held_ + bytes > max_held_by_all) {
    take_held();
    read_again_ = true;
    return;
  }
  held_bytes_ += bytes;
  all_held_ += bytes;
  held_.push_back({cursor, std::string(message)});
}

std::vector<RoomEntry> RoomFeed::take_held() {
  all_held_ -= std::exchange(held_bytes_, 0);
  return std::exchange(held_, {});
}

RoomFeed::Step RoomFeed::on_read(const ReadReply& reply) {
  Step step;
  // Without a subscription nothing waits behind the hole.
  if (!reply.available && (!subscribed_ || ++failed_reads_ < max_failed_reads)) {
    step.read = true;
    return step;
  }
  if (reading_late_) {
    on_late_read(step, reply);
    return step;
  }
  if (!ready_) {
    // There is no member yet, so this gateway begins at the newest number.
    if (!reply.available) {
      failed_reads_ = 0;
      step.read = true;
      return step;
    }
    ready_ = true;
    cursor_ = reply.newest;
    step.became_ready = true;
  } else if (reply.available) {
    const bool hole_before_first = !reply.complete && (broken_ || !reply.entries.empty());
    for (const RoomEntry& entry : reply.entries)
      if (entry.cursor > cursor_) append(step, entry.cursor, entry.message);
    if (hole_before_first) ++step.gaps_unrepaired;
    if (!hole_before_first && !step.pass_on.empty()) ++step.gaps_repaired;
    if (reply.more) {
      step.read = true;
      return step;
    }
    note_lower(step, reply);
    if (step.read) return step;
  } else {
    ++step.gaps_unrepaired;
  }
  finish_read(step);
  return step;
}

void RoomFeed::finish_read(Step& step) {
  reading_ = std::exchange(read_again_, false);
  step.read = reading_;
  // The held messages came on one subscription after the read began, even if that one is lost by now.
  broken_ = false;
  if (!reading_) pass_held(step);
  broken_ = !subscribed_;
}

void RoomFeed::pass_held(Step& step) {
  auto held = take_held();
  for (RoomEntry& entry : held) {
    if (is_late_and_next(entry.cursor)) {
      late_ = entry.cursor;
      step.late.push_back(std::move(entry));
      continue;
    }
    if (entry.cursor <= cursor_) {
      ++step.dropped;
      continue;
    }
    // The stream was read after this message came, so it lacks the numbers that are missing before it.
    if (!follows(entry.cursor)) ++step.gaps_unrepaired;
    append(step, entry.cursor, std::move(entry.message));
  }
}

}  // namespace chat::gateway
