// The calls that tell workers what became of records.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "gateway/journal/journal.hpp"
#include "gateway/journal/pending_records.hpp"

namespace chat::gateway {

/// Runs the calls on that worker's thread, in order. Called from the journal's thread; must not block.
using PostToWorker = std::function<void(std::size_t worker, std::vector<std::function<void()>> calls)>;

/// Collected while the journal is locked, posted afterwards as one batch a worker. One thread.
class WorkerCalls {
 public:
  /// The record has its good delivery report.
  void add_durable(PendingRecord& record);

  /// The record will never have one.
  void add_refused(PendingRecord& record, JournalRefusal refusal);

  /// Posts all calls and forgets them.
  void post(const PostToWorker& post);

  std::size_t durable_records() const { return durable_records_; }
  std::size_t refused_records() const { return refused_records_; }
  std::size_t records() const { return durable_records_ + refused_records_; }

 private:
  void add(std::size_t worker, std::function<void()> call);

  std::vector<std::vector<std::function<void()>>> batches_;  // by worker
  std::size_t durable_records_ = 0;
  std::size_t refused_records_ = 0;
};

}  // namespace chat::gateway
