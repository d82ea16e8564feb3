// What the service does for TLS on the client port.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/metrics/metrics.hpp"
#include "gateway/app/gateway_settings.hpp"
#include "gateway/tls/server_identity.hpp"

namespace chat::gateway {

/// What is wrong with the settings of TLS, as one sentence that names one of them. Reads both files.
std::optional<std::string> fault_of_tls_settings(const GatewaySettings& settings);

/// Null without TLS. Throws std::runtime_error with one sentence.
std::shared_ptr<tls::ServerIdentity> make_identity(const GatewaySettings& settings, Metrics& metrics);

/// Handles the signals that do not stop the process: those of the log, and SIGHUP, which also loads the
/// certificate anew. For ShutdownSignals.
std::function<void(int)> handler_of_other_signals(std::shared_ptr<tls::ServerIdentity> identity);

}  // namespace chat::gateway
