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

/// What `overloaded` and `unavailable` tell clients to wait.
inline constexpr int retry_after_ms = 1000;

}  // namespace chat::gateway
