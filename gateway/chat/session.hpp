// One connected client: its name, its rooms, its sends; the same for every protocol.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "gateway/bus/room_store.hpp"
#include "gateway/chat/commands.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/gateway_metrics.hpp"
#include "gateway/chat/rooms.hpp"
#include "gateway/chat/session_receipts.hpp"
#include "gateway/history/history.hpp"
#include "gateway/journal/journal.hpp"

namespace chat::gateway {

class Session;

/// The place of a session in its worker's list; leaves it by itself.
using SessionHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// What the sessions of one worker share; outlives them all. Used on the worker's thread.
struct SessionServices {
  RoomStore& store;
  Rooms& rooms;
  Journal& journal;
  GatewayMetrics& metrics;
  std::string gateway;
  std::size_t worker = 0;
  History* history = nullptr;  // none: there is no PostgreSQL
  Post post{};                 // to the worker, for the history's answers
  /// The gateway is going away: no send begins any more.
  bool is_draining = false;
  /// Sends whose script reply is still out; a drain waits for zero.
  std::size_t accepts_in_flight = 0;
  /// Numbers of all sessions that are not known to be stored (SessionReceipts).
  std::size_t stored_waiting = 0;
  boost::intrusive::list<SessionHook, boost::intrusive::constant_time_size<false>> sessions{};
};

/// All calls on the worker's thread. Owned by its transport through a shared_ptr; replies that are under way
/// hold it weakly, so a message whose sender left is still journaled (I1).
class Session : public std::enable_shared_from_this<Session>, public SessionHook {
 public:
  /// `outlet` outlives the session.
  Session(SessionServices& services, Outlet& outlet);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Says welcome.
  void start();

  void handle(const Command& command);

  /// Goes on with a join whose last page had `more`, with the same wishes and without an id. Without effect
  /// otherwise.
  void read_on(const std::string& room);

  /// Answers a frame that was not a command.
  void reject(const Rejection& rejection);

  /// False while max_sends_in_flight sends wait or the gateway drains; Outlet::resume tells when it turns
  /// true.
  bool ready_for_command() const;

  /// Once a second: sends over their deadline are answered `unavailable`.
  void tick(std::chrono::steady_clock::time_point now);

  /// Takes no more commands and tells the client when to come back.
  void drain(int reconnect_after_ms);

  /// Numbers of its messages in the room are in PostgreSQL.
  void on_stored(const std::string& room, const StoredNumbers& stored);

  const SessionReceipts& receipts() const { return receipts_; }

  /// The gateway is about to close the connection: what still waits is answered `unavailable`, all rooms are
  /// left, and no further answer comes.
  void end_requests();

  /// Leaves all rooms. The destructor does it too; nothing is told to the outlet afterwards.
  void close();

 private:
  class Place;
  struct PendingSend {
    std::uint64_t number = 0;
    std::string id;
    std::string room;
    std::chrono::steady_clock::time_point deadline;
  };
  struct HistoryRead {
    std::uint64_t number = 0;
    RequestId id;
  };
  struct Accepted;
  struct Typed {
    std::string room;
    std::chrono::steady_clock::time_point until;  // no more is told
  };

  void on(const HelloCommand& command);
  void on(const JoinCommand& command);
  void on(const LeaveCommand& command);
  void on(const SendCommand& command);
  void on(const HistoryCommand& command);
  void on(const TypingCommand& command);
  void on(const PingCommand& command);

  Place* find_place(const std::string& room);
  Place& add_place(const std::string& name);
  void remove_place(Place& place);
  void submit(const SendCommand& command, Room& room, std::size_t reserved_bytes);
  static void on_accept_reply(SessionServices& services, const Accepted& accepted, const AcceptReply& reply);
  static void append_to_journal(SessionServices& services, const Accepted& accepted,
                                const AcceptReply& reply);
  void await_stored(const AcceptRequest& request, Cursor number);
  bool fits_journal(const SendCommand& command) const;
  void on_durable(std::uint64_t number, const std::string& room, Cursor cursor, bool duplicate);
  void on_refused(std::uint64_t number, JournalRefusal refusal);
  void tell_stored(const std::string& room, std::optional<Cursor> receipt);
  void on_history_reply(std::uint64_t number, const std::string& room, ReadReply reply);
  void refuse_send(std::uint64_t number, ErrorCode code, std::string message);
  /// Whether others are told.
  bool tell_typing(Place& place);
  std::vector<PendingSend>::iterator find_pending(std::uint64_t number);
  void end_pending(std::vector<PendingSend>::iterator pending);

  SessionServices& services_;
  Outlet& outlet_;
  const std::uint64_t number_;
  std::string user_;
  std::vector<HistoryRead> history_reads_;
  bool draining_;
  bool is_ending_ = false;
  bool closed_ = false;
  std::uint64_t next_request_ = 1;
  std::vector<PendingSend> pending_;
  SessionReceipts receipts_;
  std::vector<Typed> typed_;  // outlives the place, so that who leaves and joins anew types no more often
  std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace chat::gateway
