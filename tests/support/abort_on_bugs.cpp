// Part of every unit test: a CHAT_BUG ends the test.
#include "common/base/bug.hpp"

namespace {

[[maybe_unused]] const bool is_set = (chat::bug::aborts = true);

}  // namespace
