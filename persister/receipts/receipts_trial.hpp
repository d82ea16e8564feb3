// Tries again and again whether Redis does what the persister needs.
#pragma once

#include <cstddef>
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
#include "common/redis/trial_timer.hpp"
#include "common/wire/room_names.hpp"

namespace chat::persister {

/// Runs the script of receipts on the keys and the channel of a room that no client can name
/// (wire/room_names.hpp, trial_room) and no gateway subscribes to, and the commands of the hole finder beside
/// it. These are some small commands every few seconds; the one key that they leave expires. All on the
/// connection's thread.
class ReceiptsTrial {
 public:
  /// Everything outlives it; the connection's first script is that of receipts. `service` is unique on this
  /// Redis.
  ReceiptsTrial(boost::asio::io_context& context, redis::CommandConnection& connection,
                const std::string& prefix, const std::string& service, redis::TrialPace pace,
                admin::Trial& trial, const Clock& clock);

  void start() { timer_.start(); }

  /// The connection is lost, or cannot be made. Only a whole trial says that all is well again.
  void on_trouble(const Trouble& trouble) { trial_.fail(trouble); }

 private:
  void tick();
  void ask(std::initializer_list<std::string_view> words);
  void on_reply(const redis::Reply& reply);

  redis::TrialTimer timer_;
  redis::CommandConnection& connection_;
  RoomNames names_;
  const std::string room_;
  admin::Trial& trial_;
  const Clock& clock_;
  std::size_t unanswered_ = 0;
  bool is_silent_ = false;  // an answer of this round did not come
  std::optional<Trouble> trouble_;
  Lifetime lifetime_;
};

}  // namespace chat::persister
