// The numbers of one session in all its rooms, until they are acknowledged and stored.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_numbers.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/chat/own_numbers.hpp"
#include "gateway/chat/session_limits.hpp"

namespace chat::gateway {

/// A number that PostgreSQL may be asked about.
struct WaitingNumber {
  std::string room;
  Cursor number;
  Uuid id;
};

/// On the worker's thread. Numbers are kept after the session has left their room, so that a receipt after it
/// joined again does not claim earlier messages. A session keeps numbers of at most 200 rooms. In further
/// rooms it gets no receipts, since they might be wrong.
class SessionReceipts {
 public:
  static constexpr std::size_t max_rooms = 2 * max_rooms_per_session;

  /// `worker_waiting` counts the numbers of all sessions of the worker; outlives this.
  explicit SessionReceipts(std::size_t& worker_waiting) : worker_waiting_(worker_waiting) {}
  ~SessionReceipts() { clear(); }
  SessionReceipts(const SessionReceipts&) = delete;
  SessionReceipts& operator=(const SessionReceipts&) = delete;

  /// As OwnNumbers. acked() and stored() give the receipt that is due, if any.
  void accepted(const std::string& room, Cursor number, const Uuid& id,
                std::chrono::steady_clock::time_point now);
  std::optional<Cursor> acked(const std::string& room, Cursor number);
  std::optional<Cursor> stored(const std::string& room, const StoredNumbers& told);

  bool awaits(const std::string& room) const;

  /// The session is in the room again and gets receipts for the numbers that still wait.
  void joined(const std::string& room);
  /// The session gets no more receipts. The room is forgotten once no number waits.
  void left(const std::string& room);

  void clear();

  /// Appends numbers that were accepted at `until` or before and are not known to be stored, until `found`
  /// has `most`.
  void add_unstored(std::chrono::steady_clock::time_point until, std::size_t most,
                    std::vector<WaitingNumber>& found) const;

 private:
  struct RoomNumbers {
    std::string room;
    bool is_left = false;
    OwnNumbers numbers;
  };

  RoomNumbers* find(const std::string& room) const;
  RoomNumbers* find_or_add(const std::string& room);
  std::optional<Cursor> take_receipt(RoomNumbers& numbers);
  void forget(const RoomNumbers& numbers);

  std::size_t& worker_waiting_;
  bool is_full_ = false;  // a room was left out, so every new one must be
  std::vector<std::unique_ptr<RoomNumbers>> rooms_;
};

}  // namespace chat::gateway
