// The part of the hub that leaves workers behind which do not keep up, and lets them catch up.
#include <algorithm>
#include <utility>

#include "common/log/log.hpp"
#include "gateway/fanout/hub.hpp"

namespace chat::gateway {

void Hub::look_at_backlogs() {
  is_any_behind_ = false;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    is_behind_[i] = workers_[i]->backlog_bytes() > max_backlog_bytes;
    is_any_behind_ = is_any_behind_ || is_behind_[i];
  }
}

bool Hub::is_left_behind(const HubRoom& room) const {
  return is_any_behind_ && std::ranges::any_of(room.workers, [this](const Wanted& wanted) {
           return is_behind_[wanted.worker];
         });
}

void Hub::leave_behind(HubRoom& room) {
  if (std::exchange(room.has_missed, true)) return;
  missed_.emplace_back(*room.name, room.life);
  if (missed_.size() > 1) return;
  log::warning("a worker is too far behind; its rooms read later from the stream what they miss now",
               {{"room", *room.name}, {"backlog_bytes", max_backlog_bytes}});
  catch_up_later();
}

void Hub::catch_up_later() {
  catch_up_timer_.expires_after(timing_.catch_up_after);
  catch_up_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) catch_up();
  });
}

void Hub::catch_up() {
  look_at_backlogs();
  for (const auto& [name, life] : std::exchange(missed_, {})) {
    HubRoom* const room = find(name, life);
    if (room == nullptr) continue;
    if (is_left_behind(*room)) {
      missed_.emplace_back(name, life);
      continue;
    }
    room->has_missed = false;
    if (std::exchange(room->wants_read, false))
      read(*room);
    else
      apply(*room, room->feed.on_missed_read());
  }
  if (!missed_.empty()) catch_up_later();
}

}  // namespace chat::gateway
