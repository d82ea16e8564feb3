// The traced messages of a worker's sessions that are not known to be stored yet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"

namespace chat::gateway {

struct TracedSend {
  std::uint64_t session = 0;
  std::string room;
  Cursor cursor;
  Uuid id;
};

/// Pure; one thread. Of more than `max_sends` the oldest are forgotten: their traces lack the last step.
class TracedSends {
 public:
  static constexpr std::size_t max_sends = 256;

  void add(TracedSend send) {
    if (sends_.size() == max_sends) sends_.pop_front();
    sends_.push_back(std::move(send));
  }

  /// Those that a receipt up to this number tells the session of.
  std::vector<TracedSend> take(std::uint64_t session, const std::string& room, Cursor until) {
    std::vector<TracedSend> taken;
    if (sends_.empty()) return taken;
    const auto is_told = [&](const TracedSend& send) {
      return send.session == session && send.cursor <= until && send.room == room;
    };
    std::ranges::copy_if(sends_, std::back_inserter(taken), is_told);
    if (!taken.empty()) std::erase_if(sends_, is_told);
    return taken;
  }

 private:
  std::deque<TracedSend> sends_;
};

}  // namespace chat::gateway
