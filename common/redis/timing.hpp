// The waits of a Redis connection; tests shorten them.
#pragma once

#include <chrono>

namespace chat::redis {

struct Timing {
  using Duration = std::chrono::milliseconds;

  Duration resolve{10000};
  Duration connect{3000};  // from the first SYN until all of the greeting is answered
  Duration answer{3000};   // of the oldest command in flight; hiredis 0.14 has no such limit
  // A silent Redis is noticed within the sum of both, 2.5 s, and everything that follows is done within 3 s.
  Duration probe_period{500};
  Duration probe_answer{2000};
  Duration first_backoff{100};
  Duration max_backoff{5000};
  Duration steady{10000};  // a connection that lasted this long resets the backoff
};

}  // namespace chat::redis
