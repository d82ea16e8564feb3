// librdkafka's error texts, shortened to what an operator needs.
#pragma once

#include <string>
#include <string_view>

namespace chat::kafka {

/// Pure. Without the broker's address before and the connection's state behind:
/// "sasl_ssl://b:9093/bootstrap: SASL authentication error: … (after 302ms in state AUTH_REQ)".
std::string plain_reason(std::string_view text);

/// Pure. Whether the text is of OpenSSL; librdkafka calls some of these errors failures of the transport.
bool is_of_tls(std::string_view text);

}  // namespace chat::kafka
