// Reads a record of the topic: a message of ours, or a text of the previous system.
#pragma once

#include <string_view>

#include "common/base/result.hpp"
#include "common/wire/record.hpp"
#include "persister/interfaces/source.hpp"

namespace chat::persister {

/// Pure. A JSON object with `v` is a record of ours. A JSON object without it but with a string `message`,
/// and any other text that does not begin with `{`, is a raw text of the previous system: a message of room
/// `general`. Its id is made from the record's origin, so that reading it again makes no second row. Its
/// number is below those of every live epoch, in the order of time, then offset (is_unnumbered). The error
/// says what is wrong, without the text.
Result<MessageRecord> read_message(const SourceRecord& record, std::string_view topic);

}  // namespace chat::persister
