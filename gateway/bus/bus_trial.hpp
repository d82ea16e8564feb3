// Tries again and again whether Redis does what a message needs.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "common/admin/dependencies.hpp"
#include "common/base/clock.hpp"
#include "common/base/lifetime.hpp"
#include "common/base/trouble.hpp"
#include "common/redis/command_connection.hpp"
#include "common/redis/probe.hpp"
#include "common/redis/subscriber_connection.hpp"
#include "common/redis/trial_timer.hpp"
#include "common/wire/room_names.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/bus/room_commands.hpp"

namespace chat::gateway {

/// A Redis may take connections and still refuse every message: it is full, a replica, or the user lacks a
/// right. So the scripts run on the keys and the channel of a room that no client can name
/// (wire/room_names.hpp, trial_room), and the publication has to come back. These are three small scripts
/// every few seconds; their keys are deleted at once. All on the bus thread.
class BusTrial {
 public:
  struct Pace : redis::TrialPace {
    std::chrono::milliseconds echo{3'000};  // from the first script to the publication
  };

  /// Everything outlives it.
  BusTrial(boost::asio::io_context& context, redis::CommandConnection& connection,
           redis::SubscriberConnection& subscriber, redis::Probe& probe, const std::string& prefix,
           const std::string& gateway, Pace pace, admin::Trial& trial, const Clock& clock = Clock::real());

  /// Subscribes, and tries as soon as there are connections.
  void start();

  /// Whether events of this channel are for this object.
  bool owns(std::string_view channel) const { return channel == channel_; }
  void on_subscribed() { is_subscribed_ = true; }
  void on_lost() { is_subscribed_ = false; }
  void on_publication(std::string_view message);

  /// A connection is lost, or cannot be made. Only a whole trial says that all is well again.
  void on_trouble(const Trouble& trouble);

 private:
  /// One trial; none of it counts before all has come.
  struct Round {
    Uuid id;
    int answers = 0;  // good ones
    bool is_heard = false;
  };

  void tick();
  void begin_round();
  void on_answer(std::uint64_t round, bool is_good);
  void end_well_if_all_came();
  void fail(Trouble trouble);
  void clean_up();

  redis::TrialTimer timer_;
  redis::CommandConnection& connection_;
  redis::SubscriberConnection& subscriber_;
  redis::Probe& probe_;
  RoomCommands commands_;
  RoomNames names_;
  const std::string room_;
  const std::string channel_;
  const std::chrono::milliseconds echo_limit_;
  admin::Trial& trial_;
  const Clock& clock_;
  bool is_subscribed_ = false;
  std::optional<Round> round_;
  std::uint64_t rounds_ = 0;
  Lifetime lifetime_;
};

}  // namespace chat::gateway
