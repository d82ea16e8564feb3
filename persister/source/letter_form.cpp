#include "persister/source/letter_form.hpp"

#include <cstddef>

namespace chat::persister {
namespace {

constexpr std::size_t max_short_reason = 80;

/// At most this many bytes of the text, without a part of a character at its end.
std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const auto is_inside = [&] { return (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U; };
  while (bytes > 0 && is_inside()) --bytes;
  return text.substr(0, bytes);
}

std::string place_of_value(const SourceRecord& record, std::string_view topic) {
  return std::string(topic) + "/" + std::to_string(record.partition) + "/" + std::to_string(record.offset) +
         ", " + std::to_string(record.value.size()) + " bytes";
}

}  // namespace

std::string_view name(LetterForm form) {
  switch (form) {
    case LetterForm::whole:
      return "whole";
    case LetterForm::short_reason:
      return "short_reason";
    case LetterForm::origin_alone:
      return "origin_alone";
    case LetterForm::without_value:
      return "without_value";
    case LetterForm::least:
      return "least";
  }
  return "whole";
}

std::optional<LetterForm> smaller(LetterForm form) {
  switch (form) {
    case LetterForm::whole:
      return LetterForm::short_reason;
    case LetterForm::short_reason:
      return LetterForm::origin_alone;
    case LetterForm::origin_alone:
      return LetterForm::without_value;
    case LetterForm::without_value:
      return LetterForm::least;
    case LetterForm::least:
      break;
  }
  return std::nullopt;
}

LetterRecord make_letter_record(const DeadLetter& letter, LetterForm form, std::string_view topic) {
  const SourceRecord& record = letter.record;
  LetterRecord made;
  if (form != LetterForm::least) made.key = record.key;
  if (form < LetterForm::without_value) made.value = record.value;
  if (form != LetterForm::origin_alone && form != LetterForm::least) {
    const auto reason = form == LetterForm::whole ? letter.reason : cut(letter.reason, max_short_reason);
    made.headers = {{"reason", std::string(reason)},
                    {"partition", std::to_string(record.partition)},
                    {"offset", std::to_string(record.offset)}};
  }
  made.headers.emplace_back(origin_header, to_string(origin_of(record)));
  if (form >= LetterForm::without_value)
    made.headers.emplace_back(value_at_header, place_of_value(record, topic));
  return made;
}

}  // namespace chat::persister
