// Puts dead letters back among the messages.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"

namespace chat::persister {

struct ReplayOptions {
  std::string reason;                      // only letters whose reason has this in it; empty: all
  bool dry_run = false;                    // name each letter, change nothing
  std::chrono::milliseconds wait{30'000};  // for each answer of Kafka
};

struct ReplayCount {
  std::size_t put_back = 0;       // or, in a dry run, would be
  std::size_t kept = 0;           // of another reason
  std::size_t without_value = 0;  // cannot be put back, and are kept too
};

/// Reads the dead letters from where the last replay ended to where they end now. Each goes with its key and
/// value into the topic of the messages; one of another reason, or without its value, is written to the end
/// of the dead letters again, for a later replay. The group moves on only behind records that Kafka has, so
/// that nothing is lost; what an end in between leaves double is stored once. `tell` is called with one line
/// for each letter of a dry run. Blocks. The error is one sentence.
Result<ReplayCount> replay_dead_letters(const config::KafkaSettings& settings, const ReplayOptions& options,
                                        const std::function<void(const std::string&)>& tell);

}  // namespace chat::persister
