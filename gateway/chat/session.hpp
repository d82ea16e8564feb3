// One connected client: its name, its rooms and its sends; the same for every protocol.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/bus/room_store.hpp"
#include "gateway/chat/commands.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/pending_sends.hpp"
#include "gateway/chat/session_receipts.hpp"
#include "gateway/chat/session_services.hpp"
#include "gateway/journal/journal.hpp"

namespace chat::gateway {

/// On the worker's thread. Its transport owns it through a shared_ptr. Replies under way hold it weakly, so
/// that a message is journaled even if its sender has left.
class Session : public std::enable_shared_from_this<Session>, public SessionHook {
 public:
  /// `outlet` outlives the session.
  Session(SessionServices& services, Outlet& outlet);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Sends `welcome`.
  void start();

  void handle(const Command& command);

  /// Asks for the next page of a join whose last page had `more`, without an id. No effect otherwise.
  void read_on(const std::string& room);

  /// Answers a frame that was not a command.
  void reject(const Rejection& rejection);

  /// False while max_sends_in_flight sends wait, or the gateway drains. Outlet::resume reports that it is
  /// true again.
  bool ready_for_command() const { return !draining_ && !pending_.is_full(); }

  /// Once a second. Answers sends after their deadline with `unavailable`.
  void tick(std::chrono::steady_clock::time_point now);

  /// Tells the client when to reconnect. The session goes on as before.
  void announce_close(std::chrono::milliseconds reconnect_after);

  /// Whether the client leaves by itself at the time that it was told.
  bool obeys_reconnect() const { return outlet_.obeys_reconnect(); }

  /// Takes no more commands.
  void stop_commands() { draining_ = true; }

  /// A send or a `history` request waits for its answer.
  bool awaits_answers() const { return !pending_.empty() || !history_reads_.empty(); }

  /// Answers what still waits, as end_requests() does, and ends the connection so that the client reconnects.
  void send_away();

  bool is_closed() const { return closed_; }

  /// PostgreSQL has these numbers of the room.
  void on_stored(const std::string& room, const StoredNumbers& stored);

  const SessionReceipts& receipts() const { return receipts_; }

  /// The gateway is about to close the connection. Answers what still waits with `unavailable` and leaves all
  /// rooms; no further answer comes.
  void end_requests();

  /// Leaves all rooms. The outlet is not called afterwards. The destructor does the same.
  void close();

 private:
  class Membership;
  struct Accepted;
  struct HistoryRead {
    std::uint64_t number = 0;
    RequestId id;
  };
  struct Typed {
    std::string room;
    std::chrono::steady_clock::time_point until;  // further typing is dropped
  };

  void on(const HelloCommand& command);
  void on(const PingCommand& command);

  // session_rooms.cpp
  void on(const JoinCommand& command);
  void on(const LeaveCommand& command);
  void on(const TypingCommand& command);
  bool tell_typing(Membership& membership);
  Membership* find_membership(const std::string& room);
  Membership& add_membership(const std::string& room);
  void remove_membership(Membership& membership);
  void leave_all();
  void await_stored(const AcceptRequest& request, Cursor number);
  void tell_stored(const std::string& room, std::optional<Cursor> receipt);

  // session_sends.cpp
  void on(const SendCommand& command);
  std::optional<Rejection> refusal_of(const SendCommand& command);
  bool fits_journal(const SendCommand& command) const;
  void submit(const SendCommand& command, Room& room, std::size_t reserved_bytes);
  static void on_accept_reply(SessionServices& services, const Accepted& accepted, const AcceptReply& reply);
  static RecordTrace trace(SessionServices& services, const Accepted& accepted, const AcceptReply& reply);
  static void append_to_journal(SessionServices& services, const Accepted& accepted, const AcceptReply& reply,
                                const RecordTrace& trace);
  void on_durable(std::uint64_t number, const std::string& room, Cursor cursor, bool duplicate);
  void on_refused(std::uint64_t number, JournalRefusal refusal);
  void refuse_send(std::uint64_t number, ErrorCode code, std::string message);
  template <class Answer>
  void end_send(std::uint64_t number, Answer answer);

  // session_history.cpp
  void on(const HistoryCommand& command);
  void on_history_reply(std::uint64_t number, const std::string& room, ReadReply reply);
  void end_history_reads();

  SessionServices& services_;
  Outlet& outlet_;
  const std::uint64_t number_;
  std::string user_;
  std::vector<HistoryRead> history_reads_;
  bool draining_;
  bool is_ending_ = false;
  bool closed_ = false;
  std::uint64_t next_request_ = 1;
  PendingSends pending_;
  SessionReceipts receipts_;
  std::vector<Typed> typed_;  // outlives memberships, so that joining again does not reset the limit
  std::vector<std::unique_ptr<Membership>> memberships_;
};

}  // namespace chat::gateway
