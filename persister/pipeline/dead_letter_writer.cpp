#include "persister/pipeline/dead_letter_writer.hpp"

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds publish_wait{5'000};

}  // namespace

DeadLetterWriter::DeadLetterWriter(DeadLetterQueue& queue, admin::Trial& trial, milliseconds alarm_duration,
                                   PersisterMetrics& metrics, PersisterStatus& status, Clock& clock)
    : queue_(queue),
      metrics_(metrics),
      status_(status),
      clock_(clock),
      alarm_(trial, alarm_duration),
      backoff_(milliseconds{1'000}, milliseconds{10'000}) {}

std::optional<milliseconds> DeadLetterWriter::write(const DeadLetter& letter) {
  const bool is_written = queue_.publish(letter, publish_wait);
  status_.dead_letters_ok = is_written;
  if (is_written) {
    backoff_.reset();
    alarm_.note(letter, clock_.now());
    metrics_.dead_letters(letter.cause).Increment();
    return std::nullopt;
  }
  const auto wait = backoff_.next();
  const SourceRecord& record = letter.record;
  log::warning("a dead letter was not written; it is tried again, nothing is skipped",
               {{"partition", record.partition}, {"offset", record.offset}, {"retry_ms", wait.count()}});
  return wait;
}

}  // namespace chat::persister
