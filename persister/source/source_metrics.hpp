// Metrics of the source and of the dead letters' topic.
#pragma once

#include <string>
#include <string_view>

#include <prometheus/counter.h>

#include "common/metrics/metrics.hpp"

namespace chat::persister {

/// References into a Metrics that outlives it. Any thread.
struct SourceMetrics {
  explicit SourceMetrics(Metrics& metrics)
      : held(metrics.counter("chat_persister_records_held_total",
                             "Records that came while paused and were held until resumed")),
        consumers_replaced(metrics.counter("chat_persister_consumers_replaced_total",
                                           "Kafka consumers replaced after a fatal error")) {}

  prometheus::Counter& held;
  prometheus::Counter& consumers_replaced;
};

/// chat_persister_dead_letters_cut_total{form}; `form` is that of a LetterForm, or "none".
inline prometheus::Counter& cut_letters(Metrics& metrics, std::string_view form) {
  return metrics.counter("chat_persister_dead_letters_cut_total",
                         "Dead letters of which a part was left out, since Kafka found them too large",
                         {{"form", std::string(form)}});
}

}  // namespace chat::persister
