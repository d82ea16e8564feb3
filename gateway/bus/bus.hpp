// Publications of rooms, as they come to the bus thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// Called on the bus thread. Views live during the call.
class BusListener {
 public:
  virtual ~BusListener() = default;

  /// A publication of a subscribed room: a message object (publication.hpp), stored numbers, or a notice
  /// (notices.hpp).
  virtual void on_publication(std::string_view room, std::string_view message) = 0;

  /// The read buffer is drained: what came since the last call may be handed on as one batch.
  virtual void on_batch_end() = 0;

  /// SUBSCRIBE was confirmed; from here on every publication comes. Called also after each reconnect, for
  /// every wanted room: publications in between may be missing.
  virtual void on_subscribed(std::string_view room) = 0;

  /// The subscription broke; on_subscribed follows for every wanted room.
  virtual void on_lost() = 0;

  /// The highest epoch that the listener has seen in any room; 0 for none.
  virtual std::int64_t highest_epoch() const { return 0; }
};

/// The subscriber connection and a command connection. All calls on the bus thread.
class Bus {
 public:
  virtual ~Bus() = default;

  /// The room becomes wanted; on_subscribed tells when it is. Kept over reconnects. Idempotent.
  virtual void subscribe(const std::string& room) = 0;
  virtual void unsubscribe(const std::string& room) = 0;

  /// Reads for repair, on the bus's own command connection.
  virtual void read(ReadRequest request, std::function<void(ReadReply)> handler) = 0;

  /// Publishes to every gateway that is subscribed to the room, this one included. The text is lost while
  /// Redis is away. `done` is destroyed once Redis has the text, or will not get it.
  virtual void publish(const std::string& room, std::string_view text,
                       std::shared_ptr<void> done = nullptr) = 0;

  /// The epoch was shown in the room: the room's next message gets a later one.
  virtual void tell_epoch(const std::string& room, std::int64_t epoch) = 0;

  virtual bool connected() const = 0;
};

}  // namespace chat::gateway
