// What one session waits for in all its rooms: its own numbers, until they are acknowledged and stored.
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

/// A number of a session that PostgreSQL may be asked for.
struct WaitingNumber {
  std::string room;
  Cursor number;
  Uuid id;
};

/// On the worker's thread. Numbers outlive the visit of their room, so that a receipt after a new visit does
/// not claim what was sent before it. A session keeps numbers of at most 200 rooms; in rooms beyond that it
/// gets no receipts, which would not be known to be true.
class SessionReceipts {
 public:
  static constexpr std::size_t max_rooms = 2 * max_rooms_per_session;

  /// `worker_waiting` counts what all sessions of a worker wait for; outlives this.
  explicit SessionReceipts(std::size_t& worker_waiting) : worker_waiting_(worker_waiting) {}
  ~SessionReceipts() { clear(); }
  SessionReceipts(const SessionReceipts&) = delete;
  SessionReceipts& operator=(const SessionReceipts&) = delete;

  /// As OwnNumbers. acked() and stored() give the receipt that is due.
  void accepted(const std::string& room, Cursor number, const Uuid& id,
                std::chrono::steady_clock::time_point now);
  std::optional<Cursor> acked(const std::string& room, Cursor number);
  std::optional<Cursor> stored(const std::string& room, const StoredNumbers& told);

  bool awaits(const std::string& room) const;

  /// The session is in the room again: it is told of the numbers that still wait.
  void joined(const std::string& room);
  /// From here on it is told nothing; once nothing waits, the room is forgotten.
  void left(const std::string& room);

  void clear();

  /// Adds numbers that were accepted at `until` or before and are not known to be stored, up to `most` in
  /// all.
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
  bool is_full_ = false;  // once a room had to be left out, so must be every new one
  std::vector<std::unique_ptr<RoomNumbers>> rooms_;
};

}  // namespace chat::gateway
