#include "gateway/worker/departure.hpp"

#include <algorithm>
#include <cstdint>

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t min_reconnect_ms = 200;
constexpr std::int64_t max_reconnect_ms = 2000;
/// For a client that obeys: its clock, the way of the frame, and the opening of its next connection.
constexpr milliseconds grace{1000};

}  // namespace

Departure departure(std::size_t turn, std::size_t turns, milliseconds span, bool obeys, Random& random) {
  if (span == milliseconds{0})
    return {milliseconds(random.between(min_reconnect_ms, max_reconnect_ms)), milliseconds{0}};
  const milliseconds wait = obeys ? std::min(grace, span / 2) : milliseconds{0};
  const auto first = static_cast<std::int64_t>(turn), count = static_cast<std::int64_t>(turns);
  const std::int64_t usable = (span - wait).count();
  const std::int64_t begin = usable * first / count, end = usable * (first + 1) / count;
  const milliseconds told(random.between(begin, end - 1));
  return {told, told + wait};
}

}  // namespace chat::gateway
