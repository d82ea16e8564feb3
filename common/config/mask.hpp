// Hides passwords in texts that are logged or shown.
#pragma once

#include <string>
#include <string_view>

namespace chat::config {

/// The text with the passwords of URLs (scheme://user:password@host, also in lists, also ?password=…) and of
/// libpq connection strings (password=…) as "***". Where the password's end is not clear, more is hidden
/// rather than less.
std::string mask_passwords(std::string_view text);

/// Whether a librdkafka property's value is a secret, by its name ("sasl.password", "ssl.key.pem").
bool is_secret_property(std::string_view name);

}  // namespace chat::config
