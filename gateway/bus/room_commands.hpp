// The scripts as calls on a command connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/report_limit.hpp"
#include "common/redis/command_connection.hpp"
#include "common/wire/room_names.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// An epoch that was given, as a gateway tells Redis (epochs.lua).
struct EpochClaim {
  std::int64_t floor = 0;
  bool proves = false;  // nothing above `floor` was ever given
  std::optional<std::string> room{};
};

struct EpochReply {
  bool available = false;     // false: all else is meaningless
  bool is_proven = false;     // new epochs may begin under this run
  std::int64_t highest = 0;   // that was given, as far as Redis was told
  std::int64_t clock_ms = 0;  // Redis's
};

/// The scripts that a connection for RoomCommands must load, in its order.
std::vector<std::string_view> room_scripts();

/// On the connection's thread. The connection must be destroyed first, or together with this object while the
/// io_context does not run.
class RoomCommands {
 public:
  /// `connection` and `clock` outlive it.
  RoomCommands(redis::CommandConnection& connection, const std::string& prefix, std::int64_t stream_hard_cap,
               const Clock& clock = Clock::real());

  using AcceptHandler = std::function<void(AcceptReply)>;

  /// `take_back` gets unproven accepts instead of their handlers.
  void on_unproven(std::function<void(AcceptRequest, AcceptHandler)> take_back) {
    take_back_ = std::move(take_back);
  }

  /// As RoomStore's functions of the same names; `Unproven::told` calls the handler in any case.
  enum class Unproven { taken_back, told };
  void accept(AcceptRequest request, AcceptHandler handler, Unproven unproven = Unproven::taken_back);
  void read(const ReadRequest& request, std::function<void(ReadReply)> handler);

  /// Why Redis refused the script that it answered last; none where it did not. In a handler: its own script.
  const std::optional<Trouble>& refusal() const { return refusal_; }

  /// Tells Redis an epoch that was given, 0 for none, and proves where new ones begin when it is the highest
  /// that ever was. With a room: one that was shown in it.
  void tell_epoch(const EpochClaim& claim, std::function<void(EpochReply)> handler);

 private:
  struct Accept {
    AcceptRequest request;
    AcceptHandler handler;
    Unproven unproven;
  };

  void on_accept_reply(const redis::Reply& reply);
  void on_read_reply(const redis::Reply& reply);
  void on_epoch_reply(const redis::Reply& reply);
  void report_refusal(const redis::Reply& reply);

  redis::CommandConnection& connection_;
  RoomNames names_;
  std::string stream_hard_cap_;
  const Clock& clock_;
  // In the order of the calls, which is the order of the answers: kept here, a call's closure needs no
  // memory.
  std::deque<Accept> accepts_;
  std::deque<std::function<void(ReadReply)>> reads_;
  std::optional<Trouble> refusal_;
  std::deque<std::function<void(EpochReply)>> epochs_;
  std::function<void(AcceptRequest, AcceptHandler)> take_back_;
  ReportLimit refusal_reports_;
};

}  // namespace chat::gateway
