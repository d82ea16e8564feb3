// The session's membership of one room. Included by the session's own files only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gateway/chat/session.hpp"
#include "gateway/chat/session_limits.hpp"

namespace chat::gateway {

/// Owned by its session; called by the room.
class Session::Membership : public RoomMember {
 public:
  Membership(Session& session, Room& room)
      : RoomMember(session.outlet_, session.number_), session_(session), room_(room) {}

  Room& room() { return room_; }

  void join(const JoinCommand& command) {
    wants_presence_ = command.presence;
    wants_receipts_ = command.receipts;
    is_resume_ = command.since.has_value();
    room_.join(*this, command.id, command.since, command.history);
  }

  bool wants_receipts() const { return wants_receipts_; }

  /// After a page with `more`.
  void read_on() {
    if (const auto since = std::exchange(last_of_page_, std::nullopt))
      room_.join(*this, std::nullopt, since, 0);
  }

  const std::string& user() const override { return session_.user_; }

  void on_joined(const RequestId& id, std::shared_ptr<const ReadReply> page) override {
    const Cursor stored = page->stored;
    const bool is_live = !page->more;
    last_of_page_ =
        is_live || page->entries.empty() ? std::nullopt : std::optional(page->entries.back().cursor);
    session_.services_.metrics.joins.Increment();
    if (page->pruned_to) session_.services_.metrics.pruned_joins.Increment();
    if (is_resume_) session_.services_.metrics.resumes(page->source).Increment();
    session_.outlet_.joined({id, room_.name(), std::move(page)});
    session_.on_stored(room_.name(), {stored, {}});
    if (wants_presence_ && is_live) room_.watch(*this);
  }

  void on_stored(const StoredNumbers& stored) override { session_.on_stored(room_.name(), stored); }

  /// Without an id the client awaits no answer to the join that it has overtaken itself.
  void on_join_overtaken(const RequestId& id) override {
    if (session_.closed_ || !id) return;
    if (session_.is_ending_)
      return session_.reject(
          {id, ErrorCode::unavailable, "the gateway restarts; join again elsewhere", retry_after_ms});
    session_.reject({id, ErrorCode::cancelled, "a leave or another join of the room came before the answer",
                     std::nullopt});
  }

  /// Destroys this membership.
  void on_join_failed(const RequestId& id) override {
    Session& session = session_;
    session.reject({id, ErrorCode::unavailable, "the room cannot be read now; join again", retry_after_ms});
    session.remove_membership(*this);
  }

 private:
  Session& session_;
  Room& room_;
  bool wants_presence_ = false;
  bool is_resume_ = false;
  bool wants_receipts_ = true;
  std::optional<Cursor> last_of_page_;  // while more pages are to come
};

}  // namespace chat::gateway
