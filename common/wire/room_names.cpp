#include "common/wire/room_names.hpp"

#include <array>
#include <utility>

namespace chat {
namespace {

constexpr std::string_view before_room = "chat:{";
constexpr std::string_view after_room = "}";
constexpr std::array<std::string_view, 5> endings{"", ":meta", ":ids:", ":log", ":stored"};

}  // namespace

RoomNames::RoomNames(std::string prefix)
    : prefix_(std::move(prefix)), active_(prefix_ + "chat:active"), epochs_(prefix_ + "chat:epochs") {}

const RoomNames::Names& RoomNames::of(std::string_view room) {
  buffer_.clear();
  std::array<std::size_t, endings.size() + 1> begins{};
  for (std::size_t i = 0; i < endings.size(); ++i) {
    buffer_.append(prefix_).append(before_room).append(room).append(after_room).append(endings[i]);
    begins[i + 1] = buffer_.size();
  }
  const auto name = [&](std::size_t i) {
    return std::string_view(buffer_).substr(begins[i], begins[i + 1] - begins[i]);
  };
  names_ = {name(0), name(1), name(2), name(3), name(4), active_, epochs_};
  return names_;
}

std::string_view RoomNames::room_of(std::string_view channel) const {
  const std::size_t front = prefix_.size() + before_room.size();
  return channel.substr(front, channel.size() - front - after_room.size());
}

std::string RoomNames::probe(std::string_view gateway) const {
  std::string name = prefix_;
  return name.append("chat:probe:").append(gateway);
}

std::string trial_room(std::string_view service) {
  return std::string("trial/").append(service);
}

}  // namespace chat
