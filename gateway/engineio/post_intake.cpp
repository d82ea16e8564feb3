#include "gateway/engineio/post_intake.hpp"

#include <utility>

#include "gateway/engineio/engine_packet.hpp"

namespace chat::gateway::engineio {

bool PostIntake::begin() {
  if (state_ != State::idle) return false;
  state_ = State::awaits_body;
  return true;
}

void PostIntake::abandon() {
  if (state_ == State::awaits_body) state_ = State::idle;
}

void PostIntake::accept(std::string_view body, Reply reply) {
  state_ = State::hands_on;
  reply_ = std::move(reply);
  body_ = body;
  taken_ = 0;
}

std::string_view PostIntake::next_packet() const {
  std::size_t at = taken_;
  return take_record(body_, at);
}

void PostIntake::answer_early() {
  if (is_handing_on()) answer(ok_answer());
}

void PostIntake::finish(EngineAnswer last) {
  body_ = {};
  state_ = State::idle;
  answer(std::move(last));
}

void PostIntake::answer(EngineAnswer given) {
  if (const Reply reply = std::exchange(reply_, nullptr)) reply(std::move(given));
}

}  // namespace chat::gateway::engineio
