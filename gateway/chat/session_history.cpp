// The part of a session that reads pages of older messages.
#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/chat/page_cut.hpp"
#include "gateway/chat/session.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/chat/session_membership.hpp"

namespace chat::gateway {

void Session::on(const HistoryCommand& command) {
  if (find_membership(command.room) == nullptr)
    return reject({command.id, ErrorCode::not_joined, "join the room before reading it", std::nullopt});
  if (history_reads_.size() >= max_history_reads_in_flight) {
    services_.metrics.refused_history.Increment();
    return reject({command.id, ErrorCode::overloaded, "wait for the answers to the earlier history frames",
                   retry_after_ms});
  }
  const std::uint64_t number = next_request_++;
  history_reads_.push_back({number, command.id});
  ReadRequest request{command.room, std::nullopt, command.limit, command.before};
  services_.store.read(std::move(request),
                       [weak = weak_from_this(), number, room = command.room](ReadReply reply) {
                         if (const auto session = weak.lock())
                           session->on_history_reply(number, room, std::move(reply));
                       });
}

void Session::on_history_reply(std::uint64_t number, const std::string& room, ReadReply reply) {
  const auto read = std::ranges::find(history_reads_, number, &HistoryRead::number);
  if (closed_ || read == history_reads_.end()) return;
  RequestId id = std::move(read->id);
  history_reads_.erase(read);
  if (!reply.available)
    return reject(
        {std::move(id), ErrorCode::unavailable, "the room cannot be read now; ask again", retry_after_ms});
  if (reply.pruned_to) services_.metrics.pruned_pages.Increment();
  auto page = std::make_shared<const ReadReply>(std::move(reply));
  outlet_.history({std::move(id), room, cut_to(outlet_.page_bytes(), PageKind::before, std::move(page))});
}

void Session::end_history_reads() {
  for (HistoryRead& read : std::exchange(history_reads_, {}))
    reject({std::move(read.id), ErrorCode::unavailable, "the gateway restarts; ask again elsewhere",
            retry_after_ms});
}

}  // namespace chat::gateway
