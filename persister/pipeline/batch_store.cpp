#include "persister/pipeline/batch_store.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

constexpr int max_retries = 8;

}  // namespace

BatchStore::BatchStore(Store& store, PositionKeeper& keeper, PersisterMetrics& metrics, Clock& clock)
    : store_(store),
      keeper_(keeper),
      metrics_(metrics),
      clock_(clock),
      backoff_(milliseconds{5}, milliseconds{200}) {}

StoreOutcome BatchStore::store(const BatchWork& work) {
  backoff_.reset();
  for (int retries = 0;; ++retries) {
    StoreOutcome outcome = store_once(work);
    const bool is_passing = outcome.failure && outcome.failure->response == postgres::Response::retry;
    if (!is_passing || retries == max_retries) return outcome;
    metrics_.retries.Increment();
    clock_.sleep(backoff_.next());
  }
}

StoreOutcome BatchStore::store_once(const BatchWork& work) {
  const auto begin = clock_.now();
  const auto advances = keeper_.advances(work.positions());
  StoreOutcome outcome = store_.store(work.rows(), advances, work.dead_numbers(), work.earlier_rows());
  if (!outcome.failure && outcome.behind.empty()) keeper_.committed(advances);
  metrics_.transaction_seconds.Observe(std::chrono::duration<double>(clock_.now() - begin).count());
  return outcome;
}

}  // namespace chat::persister
