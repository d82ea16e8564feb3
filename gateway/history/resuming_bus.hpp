// The hub's Bus whose repair reads fall through to PostgreSQL.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/bus/bus.hpp"
#include "gateway/history/resuming_reader.hpp"

namespace chat::gateway {

/// On the bus thread; `bus` outlives it. If a hole cannot be proven filled within 90 s, the answer is what
/// the stream has. Live repair then goes on without the rest and counts it.
class ResumingBus final : public Bus {
 public:
  ResumingBus(Bus& bus, History* history, Post post, const Clock& clock = Clock::real())
      : bus_(bus),
        reader_([&bus](ReadRequest request,
                       ReadHandler handler) { bus.read(std::move(request), std::move(handler)); },
                history, std::move(post), ResumingReader::Unproven::stream, ResumingReader::default_patience,
                clock) {}

  void subscribe(const std::string& room) override { bus_.subscribe(room); }
  void unsubscribe(const std::string& room) override { bus_.unsubscribe(room); }
  void read(ReadRequest request, std::function<void(ReadReply)> handler) override {
    reader_.read(std::move(request), std::move(handler));
  }
  void publish(const std::string& room, std::string_view text, std::shared_ptr<void> done) override {
    bus_.publish(room, text, std::move(done));
  }
  void tell_epoch(const std::string& room, std::int64_t epoch) override { bus_.tell_epoch(room, epoch); }
  bool connected() const override { return bus_.connected(); }

 private:
  Bus& bus_;
  ResumingReader reader_;
};

}  // namespace chat::gateway
