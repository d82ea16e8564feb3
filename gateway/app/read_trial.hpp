// Whether the gateway may read the topic, which only proofs of a position need.
#pragma once

#include <functional>

#include "common/admin/dependencies.hpp"
#include "gateway/app/gateway_settings.hpp"

namespace chat::gateway {

/// One try a call, for at most about 2 s, on one thread; shown as "kafka" in `dependencies`, which outlives
/// it. Without the right the gateway serves, but for some resumes, so it is ready all the same. Does nothing
/// without PostgreSQL.
std::function<void()> make_read_trial(const GatewaySettings& settings, admin::Dependencies& dependencies);

}  // namespace chat::gateway
