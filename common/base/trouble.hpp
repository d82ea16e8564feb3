// Why another server does not do what a service needs.
#pragma once

#include <string>

namespace chat {

/// For a person. No text ever holds a secret or a message's text.
struct Trouble {
  std::string cause;   // a word of a small fixed set, for alarms: a metric's label ("no_space", "read_only")
  std::string reason;  // one sentence: what happens
  std::string remedy;  // one sentence: what to do about it

  bool operator==(const Trouble&) const = default;

  std::string sentence() const { return reason + "; " + remedy; }
};

}  // namespace chat
