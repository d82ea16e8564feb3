#include "gateway/chat/message_ring.hpp"

#include <string>
#include <utility>

namespace chat::gateway {

void MessageRing::push(const RoomMessage& message) {
  if (!messages_.empty()) {
    const Cursor last = messages_.back().cursor;
    if (message.cursor.epoch != last.epoch || message.cursor.seq != last.seq + 1) clear();
  }
  page_.reset();
  idle_sweeps_ = 0;
  messages_.push_back({message.cursor, message.frame});
  bytes_ += message.frame->view().size();
  while (messages_.size() > max_messages || (bytes_ > max_bytes && messages_.size() > 1)) drop_oldest();
}

void MessageRing::drop_oldest() {
  bytes_ -= messages_.front().frame->view().size();
  messages_.pop_front();
}

bool MessageRing::covers(Cursor since) const {
  if (messages_.empty()) return false;
  const Cursor oldest = messages_.front().cursor;
  return since.epoch == oldest.epoch && since.seq >= oldest.seq - 1 && since <= messages_.back().cursor;
}

std::shared_ptr<const ReadReply> MessageRing::page_after(Cursor since, Cursor stored) {
  if (page_ && page_since_ == since && page_->stored == stored) return page_;
  auto page = std::make_shared<ReadReply>();
  page->available = true;
  page->newest = messages_.back().cursor;
  page->stored = stored;
  page->complete = true;
  page->same_run = true;
  page->source = PageSource::memory;
  const auto wanted = page->newest.seq - since.seq;
  page->entries.reserve(static_cast<std::size_t>(wanted));
  for (auto message = messages_.end() - wanted; message != messages_.end(); ++message)
    page->entries.push_back({message->cursor, std::string(ws::payload_of(message->frame->view()))});
  page_ = page;
  page_since_ = since;
  return page;
}

void MessageRing::sweep() {
  if (!messages_.empty() && ++idle_sweeps_ >= max_idle_sweeps) clear();
}

void MessageRing::clear() {
  messages_ = {};
  bytes_ = 0;
  page_.reset();
}

}  // namespace chat::gateway
