#include "gateway/native/native_client.hpp"

#include <cstddef>
#include <variant>

#include "gateway/chat/page_cut.hpp"
#include "gateway/connection/close_codes.hpp"
#include "gateway/native/native_commands.hpp"
#include "gateway/native/native_encoder.hpp"

namespace chat::gateway {
namespace {

class NativeClient : public ws::Handler, public Outlet {
 public:
  explicit NativeClient(SessionServices& services) : services_(services) {}

  void on_open(ws::Connection& connection) override {
    connection_ = &connection;
    // Not earlier: a drain tells every session of the worker, which needs the connection.
    session_ = std::make_shared<Session>(services_, *this);
    services_.metrics.connections_opened.Increment();
    session_->start();
  }

  void on_message(ws::Opcode opcode, std::string_view payload) override {
    services_.metrics.frames_in.Increment();
    if (opcode != ws::Opcode::text) return connection_->close(ws::close_code::not_text, "text frames only");
    const auto parsed = native::parse_command(payload);
    if (const auto* rejection = std::get_if<Rejection>(&parsed)) return session_->reject(*rejection);
    session_->handle(std::get<Command>(parsed));
  }

  bool ready_for_message() const override { return session_->ready_for_command(); }
  void on_tick(std::chrono::steady_clock::time_point now) override { session_->tick(now); }
  void on_closed() override { session_->close(); }

  void deliver(const RoomMessage& message) override { connection_->deliver(message.frame); }
  std::size_t page_bytes() const override { return page_bytes_for(connection_->outbox_free_bytes()); }
  void welcome(const WelcomeEvent& event) override { send(event); }
  void joined(const JoinedEvent& event) override { send(event); }
  void history(const HistoryEvent& event) override { send(event); }
  void left(const LeftEvent& event) override { send(event); }
  void ack(const AckEvent& event) override { send(event); }
  void stored(const StoredEvent& event) override { send(event); }
  void typing(const Delivery<TypingEvent>& delivery, bool) override { tell(delivery); }
  bool presence(const Delivery<PresenceEvent>& delivery) override { return tell(delivery); }
  void typing_taken(const TypingTakenEvent& event) override {
    if (event.id) send(event);
  }
  void pong(const PongEvent& event) override { send(event); }
  void reconnect(const ReconnectEvent& event) override { send(event); }
  bool obeys_reconnect() const override { return true; }
  void error(const Rejection& rejection) override { send(rejection); }
  void resume() override { connection_->resume_reading(); }
  void close() override { connection_->close(ws::close_code::restart, "restart"); }

 private:
  template <class Event>
  void send(const Event& event) {
    connection_->send_text(native::encode(event));
  }

  /// False if the client does not keep up.
  template <class Event>
  bool tell(const Delivery<Event>& delivery) {
    if (connection_->outbox_free_bytes() < min_free_bytes_for_notices) return false;
    connection_->deliver(delivery.frame(Delivery<Event>::Protocol::native,
                                        [](const Event& event) { return native::encode(event); }));
    return true;
  }

  SessionServices& services_;
  ws::Connection* connection_ = nullptr;
  std::shared_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<ws::Handler> make_native_client(SessionServices& services) {
  return std::make_unique<NativeClient>(services);
}

}  // namespace chat::gateway
