// The hub as one worker's rooms see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "gateway/chat/hub_port.hpp"
#include "gateway/fanout/hub.hpp"
#include "gateway/loop/mailbox.hpp"

namespace chat::gateway {

/// Posts each call to the hub's thread. The hub outlives it.
class HubMailbox final : public HubPort {
 public:
  HubMailbox(std::size_t worker, Hub& hub, loop::Mailbox mailbox)
      : worker_(worker), hub_(hub), mailbox_(std::move(mailbox)) {}

  void want(const std::string& room, std::uint64_t token) override {
    mailbox_.post([worker = worker_, &hub = hub_, room, token] { hub.want(worker, room, token); });
  }

  void unwant(const std::string& room) override {
    mailbox_.post([worker = worker_, &hub = hub_, room] { hub.unwant(worker, room); });
  }

  void tell_typing(const std::string& room, std::uint64_t session, const std::string& user) override {
    mailbox_.post(
        [&hub = hub_, room, notice = TypingNotice{session, user}] { hub.tell_typing(room, notice); });
  }

  void watch(const std::string& room, bool is_watched) override {
    mailbox_.post([worker = worker_, &hub = hub_, room, is_watched] { hub.watch(worker, room, is_watched); });
  }

  void attend(const std::string& room, Attendance attendance) override {
    mailbox_.post([worker = worker_, &hub = hub_, room, attendance = std::move(attendance)]() mutable {
      hub.attend(worker, room, std::move(attendance));
    });
  }

 private:
  std::size_t worker_;
  Hub& hub_;
  loop::Mailbox mailbox_;
};

}  // namespace chat::gateway
