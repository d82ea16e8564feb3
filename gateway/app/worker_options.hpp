// The options of one worker, from the gateway's settings. Pure.
#pragma once

#include <cstddef>

#include "gateway/app/gateway_settings.hpp"
#include "gateway/worker/worker.hpp"

namespace chat::gateway {

/// All but what joins the worker to the others. `settings` are complete and valid.
WorkerOptions worker_options(const GatewaySettings& settings, std::size_t index);

}  // namespace chat::gateway
