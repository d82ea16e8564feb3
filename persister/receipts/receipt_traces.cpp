#include "persister/receipts/receipt_traces.hpp"

#include <algorithm>
#include <utility>

namespace chat::persister {

using tracing::Span;

void ReceiptTraces::add(std::vector<TracedReceipt> receipts) {
  if (tracer_ == nullptr) return;
  for (TracedReceipt& receipt : receipts) {
    if (waiting_.size() == max_waiting) waiting_.pop_front();
    waiting_.push_back(std::move(receipt));
  }
}

void ReceiptTraces::published(const std::string& room, const std::vector<NumberRange>& stored) {
  if (waiting_.empty()) return;
  std::erase_if(waiting_, [&](const TracedReceipt& receipt) {
    const bool is_told = receipt.room == room && std::ranges::any_of(stored, [&](const NumberRange& range) {
                           return range.contains(receipt.cursor);
                         });
    if (is_told) record(receipt);
    return is_told;
  });
}

void ReceiptTraces::record(const TracedReceipt& receipt) const {
  Span span;
  span.trace = receipt.trace;
  span.id = tracing::span_of(receipt.id, receipt.room, tracing::Step::receipt);
  span.parent = receipt.parent;
  span.name = "EVALSHA stored";
  span.kind = tracing::SpanKind::client;
  span.start = receipt.committed;
  span.end = tracing::time_of(clock_);
  span.attributes = {{"chat.room", receipt.room},      {"chat.epoch", receipt.cursor.epoch},
                     {"chat.seq", receipt.cursor.seq}, {"db.system.name", "redis"},
                     {"db.operation.name", "EVALSHA"}, {"db.stored_procedure.name", "stored"}};
  tracer_->record(std::move(span));
}

}  // namespace chat::persister
