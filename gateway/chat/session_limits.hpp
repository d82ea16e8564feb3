// Bounds of one session; `welcome` tells them to the client.
#pragma once

#include <chrono>
#include <cstddef>

namespace chat::gateway {

inline constexpr std::size_t max_frame_bytes = 64 * 1024;
inline constexpr std::size_t max_rooms_per_session = 100;
inline constexpr std::size_t max_sends_in_flight = 64;
inline constexpr std::size_t max_history_reads_in_flight = 4;

/// A send without a delivery report by then is answered `unavailable`. The client retries with the same id.
inline constexpr std::chrono::seconds send_deadline{10};

/// A session's typing in one room is passed on at most once in this time (PROTOCOL.md, typing).
inline constexpr std::chrono::seconds typing_period{2};

/// All typing of one room, limited on the sending worker and again on each receiving gateway. In a large room
/// typing would otherwise outnumber the messages.
inline constexpr std::size_t max_typing_a_second = 20;

/// A client whose outbox has fewer free bytes gets no typing events, and presence only later.
inline constexpr std::size_t min_free_bytes_for_notices = 512 * 1024;

/// How long `overloaded` and `unavailable` tell clients to wait.
inline constexpr int retry_after_ms = 1000;

}  // namespace chat::gateway
