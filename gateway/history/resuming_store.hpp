// A worker's RoomStore whose reads fall through to PostgreSQL.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "gateway/bus/room_store.hpp"
#include "gateway/history/resuming_reader.hpp"

namespace chat::gateway {

/// On the worker's thread; owns the store that it reads. `history` as for ResumingReader.
class ResumingStore final : public RoomStore {
 public:
  ResumingStore(std::unique_ptr<RoomStore> store, History* history, Post post,
                const Clock& clock = Clock::real())
      : store_(std::move(store)),
        reader_([this](ReadRequest request,
                       ReadHandler handler) { store_->read(std::move(request), std::move(handler)); },
                history, std::move(post), ResumingReader::Unproven::unavailable,
                ResumingReader::default_patience, clock) {}

  void accept(AcceptRequest request, std::function<void(AcceptReply)> handler) override {
    store_->accept(std::move(request), std::move(handler));
  }
  void read(ReadRequest request, std::function<void(ReadReply)> handler) override {
    reader_.read(std::move(request), std::move(handler));
  }
  bool connected() const override { return store_->connected(); }

 private:
  std::unique_ptr<RoomStore> store_;
  ResumingReader reader_;
};

}  // namespace chat::gateway
