// A WebSocket that keeps what is sent on it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/connection/connection.hpp"

namespace chat::gateway::engineio::testing {

/// Remembers what is sent on a WebSocket, as the payloads of its frames.
class FakeSocket : public ws::Connection {
 public:
  void deliver(const ws::FrameRef& frame) override { sent.emplace_back(ws::payload_of(frame->view())); }
  void send_text(std::string_view payload) override { sent.emplace_back(payload); }
  void close(std::uint16_t, std::string_view) override { is_closed = true; }
  void resume_reading() override {}
  std::size_t outbox_bytes() const override { return 0; }
  std::size_t outbox_free_bytes() const override { return 0; }

  std::vector<std::string> take() { return std::exchange(sent, {}); }

  std::vector<std::string> sent;
  bool is_closed = false;
};

}  // namespace chat::gateway::engineio::testing
