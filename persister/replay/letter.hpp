// What a dead letter's headers say.
#pragma once

#include <string>
#include <string_view>

#include "common/kafka/consumer.hpp"

namespace chat::persister {

/// Pure. The letter's reason; empty where it has none.
std::string_view reason_of(const kafka::ConsumedRecord& letter);

/// Pure. Where the value of a letter is that was written without it; empty of any other.
std::string_view value_position_of(const kafka::ConsumedRecord& letter);

/// The headers with which it goes back among the messages: its origin alone, from the header or, of a letter
/// written without one, from its partition, offset and time.
kafka::Headers headers_for_messages(const kafka::ConsumedRecord& letter);

/// "partition 3, offset 42: the reason", for a person; the position is that among the messages.
std::string describe(const kafka::ConsumedRecord& letter);

}  // namespace chat::persister
