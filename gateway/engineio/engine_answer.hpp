// The answer to one polling request.
#pragma once

#include <functional>
#include <string>

namespace chat::gateway::engineio {

/// The answer to a poll or a POST.
struct EngineAnswer {
  unsigned status = 200;
  std::string body;
};

/// Answers one request. Called at most once.
using Reply = std::function<void(EngineAnswer)>;

/// The answer to a POST whose packets were taken.
inline EngineAnswer ok_answer() {
  return {200, "ok"};
}

/// The answer to a request that breaks the protocol, as the reference server gives it.
inline EngineAnswer bad_request_answer() {
  return {400, R"({"code":3,"message":"Bad request"})"};
}

}  // namespace chat::gateway::engineio
