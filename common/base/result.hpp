// A value or the sentence that says why there is none.
#pragma once

#include <stdexcept>
#include <string>

#include <boost/system/result.hpp>

namespace chat {

/// What went wrong, as one sentence for a person; never holds a secret or a message's text.
struct Error {
  std::string message;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.message);
}

/// For what peers, networks and input do; exceptions are for start-up and bugs.
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace chat
