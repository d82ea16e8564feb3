// The parts of a dead letter, and which are left out where the topic finds it too large.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/kafka/headers.hpp"
#include "persister/interfaces/source.hpp"

namespace chat::persister {

/// From the largest form to the smallest.
enum class LetterForm {
  whole,
  short_reason,   // the reason cut short
  origin_alone,   // of the headers
  without_value,  // and value_at_header says where it is
  least,          // no key either
};

/// "short_reason" and so on, for logs and metrics.
std::string_view name(LetterForm form);

/// The form to try when this one is too large; none after the last.
std::optional<LetterForm> smaller(LetterForm form);

/// Views of key and value live as long as the letter.
struct LetterRecord {
  std::string_view key;
  std::string_view value;
  kafka::Headers headers;
};

/// Pure. `topic`: where the letter's record was read.
LetterRecord make_letter_record(const DeadLetter& letter, LetterForm form, std::string_view topic);

}  // namespace chat::persister
