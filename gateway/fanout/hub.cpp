#include "gateway/fanout/hub.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/log/log.hpp"
#include "gateway/bus/notices.hpp"
#include "gateway/bus/publication.hpp"

namespace chat::gateway {

Hub::Hub(boost::asio::io_context& context, GatewayMetrics& metrics, std::string gateway, HubTiming timing,
         const Clock& clock)
    : context_(context),
      metrics_(metrics),
      timing_(timing),
      clock_(clock),
      catch_up_timer_(context),
      presences_(context, std::move(gateway), metrics.presence_rooms, presence_links(), clock_,
                 timing_.presence) {}

void Hub::attach(Bus& bus, std::vector<WorkerPort*> workers) {
  bus_ = &bus;
  workers_ = std::move(workers);
  batches_.resize(workers_.size());
  is_behind_.resize(workers_.size());
}

void Hub::want(std::size_t worker, const std::string& name, std::uint64_t token) {
  const auto [found, is_new] = rooms_.try_emplace(name, held_by_feeds_);
  HubRoom& room = found->second;
  if (is_new) {
    room.name = std::make_shared<const std::string>(name);
    room.life = next_life_++;
    room.timer = std::make_unique<boost::asio::steady_timer>(context_);
    bus_->subscribe(name);
  }
  if (std::exchange(room.is_unused, false)) --unused_rooms_;
  std::erase_if(room.workers, [&](const Wanted& wanted) { return wanted.worker == worker; });
  room.workers.push_back({worker, token});
  if (room.feed.is_ready()) workers_[worker]->post_subscribed(name, token);
  presences_.add(worker, name);
}

void Hub::unwant(std::size_t worker, const std::string& name) {
  HubRoom* room = find(name);
  if (room == nullptr) return;
  std::erase_if(room->workers, [&](const Wanted& wanted) { return wanted.worker == worker; });
  presences_.remove(worker, name);
  end_if_unused(*room);
}

void Hub::end_if_unused(HubRoom& room) {
  // While the room is read, the read uses the timer; its end calls this again.
  if (!room.workers.empty() || room.feed.is_reading()) return;
  if (!std::exchange(room.is_unused, true)) ++unused_rooms_;
  const bool may_stay = unused_rooms_ <= max_unused_rooms;
  room.timer->expires_after(may_stay ? timing_.keep_subscription : std::chrono::milliseconds(0));
  room.timer->async_wait([this, name = *room.name, life = room.life](boost::system::error_code error) {
    HubRoom* unused = find(name, life);
    if (error || unused == nullptr || !unused->workers.empty()) return;
    bus_->unsubscribe(name);
    presences_.forget(name);
    --unused_rooms_;
    rooms_.erase(name);
  });
}

void Hub::on_subscribed(std::string_view name) {
  HubRoom* room = find(name);
  if (room == nullptr) return;
  presences_.on_subscribed(*room->name, !room->feed.is_ready());
  if (room->feed.is_ready())
    for (const Wanted& wanted : room->workers) workers_[wanted.worker]->post_resubscribed();
  apply(*room, room->feed.on_subscribed());
}

void Hub::on_lost() {
  for (auto& [name, room] : rooms_) room.feed.on_lost();
  presences_.on_lost();
}

void Hub::on_publication(std::string_view name, std::string_view message) {
  if (publications_++ == 0) read_since_ = clock_.now();
  HubRoom* room = find(name);
  if (room == nullptr) return;
  const auto head = parse_publication(name, message);
  if (!head) return pass_on_other(*room, message);
  if (is_left_behind(*room)) {
    metrics_.publications_left_behind.Increment();
    room->feed.on_missed();
    return leave_behind(*room);
  }
  if (room->feed.accept_next(head->cursor)) return pass_on(*room, head->cursor, head->id, message);
  apply(*room, room->feed.on_publication(head->cursor, message));
}

/// Stored numbers and typing keep their order among the messages of the batch. They have no numbers of their
/// own.
void Hub::pass_on_other(HubRoom& room, std::string_view publication) {
  if (auto numbers = parse_stored(*room.name, publication)) {
    if (is_left_behind(room)) return;  // senders that wait ask PostgreSQL themselves
    const auto stored = std::make_shared<const StoredNumbers>(*std::move(numbers));
    for (const Wanted& wanted : room.workers) batches_[wanted.worker].push_back({room.name, {}, {}, stored});
    return;
  }
  auto notice = parse_notice(*room.name, publication);
  if (!notice) {
    metrics_.publications_dropped.Increment();
    log::warning("a publication is neither a message nor stored numbers nor a notice and was dropped",
                 {{"room", *room.name}, {"bytes", publication.size()}});
    return;
  }
  if (auto* const typing = std::get_if<TypingNotice>(&*notice))
    return pass_on_typing(room, std::move(*typing));
  presences_.on_notice(*room.name, std::get<PresenceNotice>(*std::move(notice)));
}

void Hub::pass_on_typing(HubRoom& room, TypingNotice notice) {
  if (!room.typing.take(clock_.now())) return metrics_.typing_dropped.Increment();
  const auto typing =
      std::make_shared<const Typing>(notice.session, TypingEvent{*room.name, std::move(notice.user)});
  for (const Wanted& wanted : room.workers)
    batches_[wanted.worker].push_back(
        {.room = room.name, .cursor = {}, .frame = {}, .stored = {}, .typing = typing});
}

Presences::Links Hub::presence_links() {
  Presences::Links links;
  links.workers_of = [this](const std::string& name) {
    std::vector<std::size_t> workers;
    if (const HubRoom* const room = find(std::string_view(name)))
      for (const Wanted& wanted : room->workers) workers.push_back(wanted.worker);
    return workers;
  };
  links.is_subscribed = [this](const std::string& name) {
    const HubRoom* const room = find(std::string_view(name));
    return room != nullptr && room->feed.is_subscribed();
  };
  links.can_publish = [this] { return bus_->connected(); };
  links.publish = [this](const std::string& room, const PresenceNotice& notice) {
    bus_->publish(room, encode_notice(room, notice), ending_);
  };
  links.tell = [this](std::size_t worker, const std::string& room, std::shared_ptr<const Presence> presence) {
    workers_[worker]->post_presence(room, std::move(presence));
  };
  links.want_attendance = [this](std::size_t worker, const std::string& room, bool is_wanted) {
    workers_[worker]->post_attendance_wanted(room, is_wanted);
  };
  return links;
}

void Hub::tell_typing(const std::string& room, const TypingNotice& notice) {
  bus_->publish(room, encode_notice(room, notice));
}

void Hub::watch(std::size_t worker, const std::string& room, bool is_watched) {
  presences_.watch(worker, room, is_watched);
}

void Hub::attend(std::size_t worker, const std::string& room, Attendance attendance) {
  presences_.attend(worker, room, std::move(attendance));
}

void Hub::end_presence(std::shared_ptr<void> done) {
  ending_ = std::move(done);
  presences_.end();
  ending_.reset();
}

void Hub::apply(HubRoom& room, const RoomFeed::Step& step) {
  for (const RoomEntry& entry : step.late)
    if (const auto head = parse_publication(*room.name, entry.message))
      pass_on(room, entry.cursor, head->id, entry.message, Order::late);
  for (const RoomEntry& entry : step.pass_on)
    if (const auto head = parse_publication(*room.name, entry.message))
      pass_on(room, entry.cursor, head->id, entry.message);
  metrics_.publications_dropped.Increment(static_cast<double>(step.dropped));
  metrics_.gaps_detected.Increment(static_cast<double>(step.gaps_detected));
  metrics_.gaps_repaired.Increment(static_cast<double>(step.gaps_repaired));
  metrics_.gaps_unrepaired.Increment(static_cast<double>(step.gaps_unrepaired));
  if (step.gaps_detected > 0)
    log::info("numbers of a room are missing; reading the stream",
              {{"room", *room.name}, {"epoch", room.feed.cursor().epoch}, {"seq", room.feed.cursor().seq}});
  if (step.gaps_unrepaired > 0) log::warning("a hole of a room could not be filled", {{"room", *room.name}});
  if (!step.late.empty()) {
    metrics_.late_epochs.Increment(static_cast<double>(step.late.size()));
    log::warning(
        "messages of a room came under an epoch below one that was shown and were shown after it; was "
        "Redis replaced by one whose clock is behind?",
        {{"room", *room.name},
         {"messages", step.late.size()},
         {"epoch", step.late.front().cursor.epoch},
         {"shown", room.feed.cursor().epoch}});
  }
  if (step.tell_epoch > 0) bus_->tell_epoch(*room.name, step.tell_epoch);
  if (step.became_ready)
    for (const Wanted& wanted : room.workers)
      workers_[wanted.worker]->post_subscribed(*room.name, wanted.token);
  if (step.read) read(room);
}

void Hub::read(HubRoom& room) {
  look_at_backlogs();
  if (is_left_behind(room)) {
    room.wants_read = true;
    return leave_behind(room);
  }
  ReadRequest request;
  request.room = *room.name;
  request.since = room.feed.next_since();
  bus_->read(std::move(request), [this, name = *room.name, life = room.life](const ReadReply& reply) {
    HubRoom* asking = find(name, life);
    if (asking == nullptr) return;
    if (!reply.available) return read_later(*asking);
    apply(*asking, asking->feed.on_read(reply));
    on_batch_end();
    end_if_unused(*asking);
  });
}

void Hub::read_later(HubRoom& room) {
  room.timer->expires_after(timing_.read_again_after);
  room.timer->async_wait([this, name = *room.name, life = room.life](boost::system::error_code error) {
    HubRoom* asking = find(name, life);
    if (error || asking == nullptr) return;
    apply(*asking, asking->feed.on_read(ReadReply{}));
    on_batch_end();
    end_if_unused(*asking);
  });
}

void Hub::pass_on(HubRoom& room, Cursor cursor, const Uuid& id, std::string_view message, Order order) {
  highest_epoch_ = std::max(highest_epoch_, cursor.epoch);
  // Redis did not recognise a retry and gave it a second number. Members saw the message under the first.
  if (!room.recent.add(id)) return metrics_.publications_dropped.Increment();
  if (room.workers.empty()) return;
  const ws::FrameBytes frame = ws::encode_frame(ws::Opcode::text, message);
  ++encoded_;
  const auto socketio = std::make_shared<ws::LazyFrame>();
  std::shared_ptr<const DeliveryTrace> trace;
  if (tracer_ != nullptr && tracer_->samples(id))
    trace = std::make_shared<const DeliveryTrace>(DeliveryTrace{id, tracing::time_of(clock_)});
  for (const Wanted& wanted : room.workers)
    batches_[wanted.worker].push_back(
        {room.name, cursor, frame, {}, socketio, {}, order == Order::late, trace});
}

std::size_t weight_of(const Batch& batch) {
  std::size_t bytes = batch.size() * (sizeof(BatchItem) + sizeof(ws::LazyFrame));
  for (const BatchItem& item : batch) {
    if (item.frame) bytes += item.frame->size();
    if (item.stored) bytes += item.stored->ranges.size() * sizeof(NumberRange);
  }
  return bytes;
}

void Hub::on_batch_end() {
  const auto since = std::exchange(read_since_, std::nullopt);
  for (std::size_t i = 0; i < batches_.size(); ++i)
    if (!batches_[i].empty())
      workers_[i]->post_batch(std::exchange(batches_[i], {}), since.value_or(clock_.now()));
  look_at_backlogs();
  metrics_.publications.Increment(static_cast<double>(std::exchange(publications_, 0)));
  metrics_.frames_encoded.Increment(static_cast<double>(std::exchange(encoded_, 0)));
}

Hub::HubRoom* Hub::find(std::string_view name) {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : &found->second;
}

Hub::HubRoom* Hub::find(const std::string& name, std::uint64_t life) {
  HubRoom* room = find(std::string_view(name));
  return room != nullptr && room->life == life ? room : nullptr;
}

}  // namespace chat::gateway
