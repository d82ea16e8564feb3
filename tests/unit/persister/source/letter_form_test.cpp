#include "persister/source/letter_form.hpp"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

namespace chat::persister {
namespace {

TEST(LetterForm, every_form_is_smaller_than_the_one_before_and_says_where_the_record_is) {
  const DeadLetter letter{{3, 42, "room", std::string(500, 'v')}, std::string(500, 'r')};
  const auto size_of = [](const LetterRecord& record) {
    std::size_t bytes = record.key.size() + record.value.size();
    for (const auto& [name, value] : record.headers) bytes += name.size() + value.size();
    return bytes;
  };
  std::size_t last = SIZE_MAX;
  for (std::optional form = LetterForm::whole; form; form = smaller(*form)) {
    const auto record = make_letter_record(letter, *form, "MESSAGES");
    EXPECT_LT(size_of(record), last) << name(*form);
    last = size_of(record);
    EXPECT_NE(std::ranges::find(record.headers, std::pair<std::string, std::string>("origin", "3/42/-1")),
              record.headers.end())
        << name(*form);
  }
  EXPECT_LT(last, 100u);
}

TEST(LetterForm, a_reason_is_cut_between_two_characters) {
  std::string reason;
  for (int i = 0; i < 100; ++i) reason += "\xe2\x82\xac";
  const DeadLetter letter{{3, 42, "room", "value"}, reason};
  const auto record = make_letter_record(letter, LetterForm::short_reason, "MESSAGES");
  EXPECT_EQ(record.headers.at(0).second, reason.substr(0, 78));
}

}  // namespace
}  // namespace chat::persister
