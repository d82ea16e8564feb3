#include "gateway/chat/session.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "gateway/chat/session_limits.hpp"
#include "gateway/chat/session_membership.hpp"

namespace chat::gateway {
namespace {

std::string hex(std::uint64_t number) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

Session::Session(SessionServices& services, Outlet& outlet)
    : services_(services),
      outlet_(outlet),
      number_(services.random.next()),
      user_("guest-" + hex(number_ >> 48)),
      draining_(services.is_draining),
      receipts_(services.stored_waiting) {
  services_.sessions.push_back(*this);
}

Session::~Session() {
  close();
}

void Session::start() {
  outlet_.welcome({std::nullopt, hex(number_), services_.gateway, user_});
}

void Session::handle(const Command& command) {
  if (closed_) return;
  std::visit([this](const auto& c) { on(c); }, command);
}

void Session::reject(const Rejection& rejection) {
  services_.metrics.errors(rejection.code).Increment();
  outlet_.error(rejection);
}

void Session::on(const HelloCommand& command) {
  if (command.name) {
    user_ = *command.name;
    for (const auto& membership : memberships_) membership->room().on_renamed();
  }
  outlet_.welcome({command.id, hex(number_), services_.gateway, user_});
}

void Session::on(const PingCommand& command) {
  outlet_.pong({command.id});
}

void Session::tick(std::chrono::steady_clock::time_point now) {
  while (!closed_ && !pending_.empty() && pending_.oldest().deadline <= now) {
    services_.metrics.sends_expired.Increment();
    refuse_send(pending_.oldest().number, ErrorCode::unavailable,
                "Kafka did not confirm the message in time; send it again with its id");
  }
}

void Session::announce_close(std::chrono::milliseconds reconnect_after) {
  if (!closed_) outlet_.reconnect({static_cast<int>(reconnect_after.count())});
}

void Session::send_away() {
  if (closed_ || is_ending_) return;
  end_requests();
  outlet_.close();
}

void Session::end_requests() {
  if (closed_) return;
  is_ending_ = draining_ = true;
  while (!pending_.empty())
    refuse_send(pending_.oldest().number, ErrorCode::unavailable,
                "the gateway restarts; send it again with its id");
  end_history_reads();
  leave_all();
}

void Session::close() {
  if (std::exchange(closed_, true)) return;
  leave_all();
  receipts_.clear();
}

}  // namespace chat::gateway
