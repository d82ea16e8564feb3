// The POST of a session: its body, handed on packet by packet, and its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/engineio/engine_answer.hpp"

namespace chat::gateway::engineio {

/// Pure. Takes one POST at a time.
class PostIntake {
 public:
  /// A POST begins; its body is still to come. False while another POST is not finished.
  bool begin();

  /// The client left. A body that has not come does not come any more; one that has come is still handed on.
  void abandon();

  bool awaits_body() const { return state_ == State::awaits_body; }

  /// The body of the POST that began. Only while awaits_body().
  void accept(std::string_view body, Reply reply);

  /// Whether packets of a body are still to be handed on.
  bool is_handing_on() const { return state_ == State::hands_on; }

  /// Whether next_packet() has a packet. A body has at least one, which may be empty.
  bool has_packet() const { return is_handing_on() && taken_ <= body_.size(); }

  /// The next packet as text; a view into the body.
  std::string_view next_packet() const;

  /// `packet`, which next_packet() gave, was handed on.
  void advance_past(std::string_view packet) { taken_ += packet.size() + 1; }

  /// Answers "ok" before the whole body is handed on. Without effect where it is answered already.
  void answer_early();

  /// Ends the POST, forgets its body, and answers unless it is answered already.
  void finish(EngineAnswer answer);

 private:
  enum class State : std::uint8_t { idle, awaits_body, hands_on };

  void answer(EngineAnswer answer);

  Reply reply_;  // empty once it was answered
  std::string body_;
  std::size_t taken_ = 0;  // bytes of the body; above its size once all packets were handed on
  State state_ = State::idle;
};

}  // namespace chat::gateway::engineio
