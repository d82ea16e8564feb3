#include "gateway/engineio/poll_queue.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gateway/engineio/engine_packet.hpp"

namespace chat::gateway::engineio {
namespace {

bool is_binary(const ws::Frame& frame) {
  return (static_cast<unsigned char>(frame.view().front()) & 0x0FU) ==
         static_cast<unsigned>(ws::Opcode::binary);
}

/// The overhead bounds the number of small frames too.
std::size_t weight(const ws::Frame& frame) {
  constexpr std::size_t frame_overhead = 64;  // the same as in a WebSocket's outbox, to which frames may move
  return frame.view().size() + frame_overhead;
}

}  // namespace

bool PollQueue::push(const ws::FrameRef& frame) {
  frames_.push_back(frame);
  bytes_ += weight(*frame);
  return bytes_ <= max_bytes_;
}

std::size_t PollQueue::free_bytes() const {
  return max_bytes_ - std::min(max_bytes_, bytes_);
}

void PollQueue::answer(std::string packet) {
  if (const Reply reply = std::exchange(poll_, nullptr)) reply({200, std::move(packet)});
}

void PollQueue::answer_with_frames() {
  if (!poll_) return;
  std::string payload;
  payload.reserve(bytes_);
  for (const ws::FrameRef& frame : take_frames()) {
    const std::string_view data = ws::payload_of(frame->view());
    if (is_binary(*frame))
      append_record(payload, encode_packet({EngineType::message, std::string(data), true}));
    else
      append_record(payload, data);
  }
  answer(std::move(payload));
}

std::vector<ws::FrameRef> PollQueue::take_frames() {
  bytes_ = 0;
  return std::exchange(frames_, {});
}

}  // namespace chat::gateway::engineio
