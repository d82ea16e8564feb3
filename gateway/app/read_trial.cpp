#include "gateway/app/read_trial.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include "common/kafka/read_check.hpp"

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds answer_wait{2};

}  // namespace

std::function<void()> make_read_trial(const GatewaySettings& settings, admin::Dependencies& dependencies) {
  if (settings.database.url.empty()) return [] {};
  auto made = kafka::ReadCheck::make(settings.kafka, settings.gateway_id + "-read-check");
  if (!made) throw std::runtime_error(made.error().message);
  auto& trial = dependencies.add("kafka", false);
  return [&trial, check = std::shared_ptr<kafka::ReadCheck>(*std::move(made))] {
    if (auto trouble = check->look(answer_wait))
      trial.fail(*std::move(trouble));
    else
      trial.succeed();
  };
}

}  // namespace chat::gateway
