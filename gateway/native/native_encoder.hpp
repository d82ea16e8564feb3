// Events as frames of the native protocol (PROTOCOL.md, "Gateway to client"). Pure.
#pragma once

#include <string>

#include "gateway/chat/events.hpp"

namespace chat::gateway::native {

std::string encode(const WelcomeEvent& event);
std::string encode(const JoinedEvent& event);
std::string encode(const HistoryEvent& event);
std::string encode(const LeftEvent& event);
std::string encode(const AckEvent& event);
std::string encode(const StoredEvent& event);
std::string encode(const TypingEvent& event);
std::string encode(const TypingTakenEvent& event);
std::string encode(const PresenceEvent& event);
std::string encode(const PongEvent& event);
std::string encode(const ReconnectEvent& event);
std::string encode(const Rejection& rejection);

}  // namespace chat::gateway::native
