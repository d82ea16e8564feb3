#include "persister/pipeline/dead_letter_alarm.hpp"

#include <string>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

constexpr const char* remedy =
    "correct what refuses them, then put them back with chat-persister replay-dead";

}  // namespace

DeadLetterAlarm::DeadLetterAlarm(admin::Trial& trial, std::chrono::milliseconds duration)
    : trial_(trial), duration_(duration) {
  trial_.succeed();
}

void DeadLetterAlarm::note(const DeadLetter& letter, TimePoint now) {
  const SourceRecord& record = letter.record;
  const bool needs_a_person = letter.cause != DeadLetterCause::id_reused;
  log::write(needs_a_person ? log::Level::error : log::Level::warning,
             "a record that cannot be stored went to the dead letters",
             {{"partition", record.partition},
              {"offset", record.offset},
              {"cause", name(letter.cause)},
              {"reason", letter.reason},
              {"remedy", needs_a_person ? remedy : "none is needed where a client used its own id twice"}});
  if (!needs_a_person) return;
  ++letters_;
  until_ = now + duration_;
  const std::string count = letters_ == 1 ? "a record" : std::to_string(letters_) + " records";
  trial_.fail({std::string(name(letter.cause)),
               count + " went to the dead letters, the last because: " + letter.reason, remedy});
}

void DeadLetterAlarm::end_where_due(TimePoint now) {
  if (!until_ || now < *until_) return;
  until_.reset();
  letters_ = 0;
  trial_.succeed();
}

}  // namespace chat::persister
