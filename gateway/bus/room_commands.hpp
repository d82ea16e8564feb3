// The two scripts as calls on a command connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/redis/command_connection.hpp"
#include "common/wire/room_names.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// The scripts that a connection for RoomCommands must load, in its order.
std::vector<std::string_view> room_scripts();

/// On the connection's thread. Destroyed together with the connection, which must be gone first or at the
/// same time without the io_context running in between.
class RoomCommands {
 public:
  RoomCommands(redis::CommandConnection& connection, const std::string& prefix, std::int64_t stream_hard_cap);

  /// As RoomStore's functions of the same names.
  void accept(const AcceptRequest& request, std::function<void(AcceptReply)> handler);
  void read(const ReadRequest& request, std::function<void(ReadReply)> handler);

  /// Why Redis refused the script that it answered last; none where it did not. In a handler: its own script.
  const std::optional<Trouble>& refusal() const { return refusal_; }

 private:
  void on_accept_reply(const redis::Reply& reply);
  void on_read_reply(const redis::Reply& reply);
  void report_refusal(const redis::Reply& reply);

  redis::CommandConnection& connection_;
  RoomNames names_;
  std::string stream_hard_cap_;
  // In the order of the calls, which is the order of the answers: kept here, a call's closure needs no
  // memory.
  std::deque<std::function<void(AcceptReply)>> accepts_;
  std::deque<std::function<void(ReadReply)>> reads_;
  std::optional<Trouble> refusal_;
  std::chrono::steady_clock::time_point next_report_{};
};

}  // namespace chat::gateway
