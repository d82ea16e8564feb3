// A worker's RoomStore whose reads fall through to PostgreSQL.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/bus/room_store.hpp"
#include "gateway/history/resuming_reader.hpp"

namespace chat::gateway {

/// On the worker's thread; owns the store beneath. `history` as for ResumingReader.
class ResumingStore final : public RoomStore {
 public:
  ResumingStore(std::unique_ptr<RoomStore> store, History* history, Post post)
      : store_(std::move(store)),
        history_(history),
        post_(post),
        reader_([this](ReadRequest request,
                       ReadHandler handler) { store_->read(std::move(request), std::move(handler)); },
                history, std::move(post)) {}

  void accept(AcceptRequest request, std::function<void(AcceptReply)> handler) override {
    store_->accept(std::move(request), std::move(handler));
  }
  void read(ReadRequest request, std::function<void(ReadReply)> handler) override {
    reader_.read(std::move(request), std::move(handler));
  }
  bool connected() const override { return store_->connected(); }

  bool knows_stored() const override { return history_ != nullptr; }
  void find_stored(std::vector<MessageKey> asked,
                   std::function<void(std::vector<std::size_t>)> handler) override {
    history_->find_stored(std::move(asked), post_, std::move(handler));
  }

 private:
  std::unique_ptr<RoomStore> store_;
  History* const history_;
  const Post post_;
  ResumingReader reader_;
};

}  // namespace chat::gateway
