#include "gateway/journal/worker_calls.hpp"

#include <utility>

namespace chat::gateway {

void WorkerCalls::add_durable(PendingRecord& record) {
  for (DurableWaiter& waiter : record.waiters) add(waiter.worker, std::move(waiter.on_durable));
  ++durable_records_;
}

void WorkerCalls::add_refused(PendingRecord& record, JournalRefusal refusal) {
  for (DurableWaiter& waiter : record.waiters)
    if (waiter.on_refused)
      add(waiter.worker, [call = std::move(waiter.on_refused), refusal] { call(refusal); });
  ++refused_records_;
}

void WorkerCalls::add(std::size_t worker, std::function<void()> call) {
  if (batches_.size() <= worker) batches_.resize(worker + 1);
  batches_[worker].push_back(std::move(call));
}

void WorkerCalls::post(const PostToWorker& post) {
  for (std::size_t worker = 0; worker < batches_.size(); ++worker)
    if (!batches_[worker].empty()) post(worker, std::move(batches_[worker]));
  batches_.clear();
}

}  // namespace chat::gateway
