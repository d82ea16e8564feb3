#include "gateway/chat/room_watchers.hpp"

#include <algorithm>
#include <utility>

namespace chat::gateway {

void RoomWatchers::on_stored(const StoredNumbers& stored) {
  raise_stored(stored.watermark);
  awaiting_stored_.for_each([&](RoomMember& member) { member.on_stored(stored); });
}

Cursor RoomWatchers::raise_stored(Cursor watermark) {
  return stored_ = std::max(stored_, watermark);
}

void RoomWatchers::watch(RoomMember& member) {
  const bool is_first = watching_.empty();
  if (!watching_.add(member)) return;
  member.knows_presence_ = false;
  if (presence_) tell_presence(member, Delivery<PresenceEvent>(presence_->all));
  if (is_first) hub_.watch(room_, true);
}

void RoomWatchers::end_watch(RoomMember& member) {
  if (!watching_.remove(member) || !watching_.empty()) return;
  presence_.reset();
  hub_.watch(room_, false);
}

std::size_t RoomWatchers::on_presence(std::shared_ptr<const Presence> presence) {
  // The hub sent it before it learned that no member watches, or sends it twice since one watches again.
  if (watching_.empty() || presence == presence_) return 0;
  presence_ = std::move(presence);
  is_presence_owed_ = false;
  std::size_t told = 0;
  const Delivery<PresenceEvent> change(presence_->change), all(presence_->all);
  watching_.for_each([&](RoomMember& member) {
    tell_presence(member, member.knows_presence_ ? change : all);
    if (member.knows_presence_) ++told;
  });
  return told;
}

void RoomWatchers::tell_presence(RoomMember& member, const Delivery<PresenceEvent>& delivery) {
  member.knows_presence_ = member.outlet().presence(delivery);
  if (!member.knows_presence_) is_presence_owed_ = true;
}

bool RoomWatchers::tell_typing(const RoomMember& member, std::chrono::steady_clock::time_point now) {
  if (!typing_.take(now)) return false;
  hub_.tell_typing(room_, member.session(), member.user());
  return true;
}

void RoomWatchers::sweep() {
  if (!is_presence_owed_) return;
  is_presence_owed_ = false;
  if (!presence_) return;
  const Delivery<PresenceEvent> all(presence_->all);
  watching_.for_each([&](RoomMember& member) {
    if (!member.knows_presence_) tell_presence(member, all);
  });
}

}  // namespace chat::gateway
