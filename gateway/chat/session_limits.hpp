// Bounds of one session, told to clients in `welcome`.
#pragma once

#include <chrono>
#include <cstddef>

namespace chat::gateway {

inline constexpr std::size_t max_frame_bytes = 64 * 1024;
inline constexpr std::size_t max_rooms_per_session = 100;
inline constexpr std::size_t max_sends_in_flight = 64;
inline constexpr std::size_t max_history_reads_in_flight = 4;

/// A send without a delivery report by then is answered `unavailable`; the client keeps retrying its id
/// (DESIGN 5).
inline constexpr std::chrono::seconds send_deadline{10};

/// A session's typing in one room is told so often (PROTOCOL, typing).
inline constexpr std::chrono::seconds typing_period{2};

/// And all typing of one room so often, on the worker and again on each gateway that is told: in a large room
/// it would otherwise be more than its messages (I6).
inline constexpr std::size_t max_typing_a_second = 20;

/// A client whose outbox takes less than that is told of no typing, and who is there only later.
inline constexpr std::size_t min_free_bytes_for_notices = 512 * 1024;

/// What `overloaded` and `unavailable` tell clients to wait.
inline constexpr int retry_after_ms = 1000;

}  // namespace chat::gateway
