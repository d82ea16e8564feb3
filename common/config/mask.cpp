#include "common/config/mask.hpp"

#include <algorithm>
#include <array>

namespace chat::config {
namespace {

constexpr std::string_view mask = "***";

/// Where the URL ends whose "://" was just passed: at the comma before the next URL of a list, or at the end.
std::size_t url_end(std::string_view text, std::size_t from) {
  const auto next = text.find("://", from);
  if (next == std::string_view::npos) return text.size();
  const auto comma = text.rfind(',', next);
  return comma == std::string_view::npos || comma < from ? text.size() : comma;
}

/// A password may hold an unescaped '/', '@' or ':', so it counts from the first colon to the last '@'.
std::string mask_user_information(std::string_view text) {
  std::string masked;
  std::size_t done = 0;
  for (auto start = text.find("://"); start != std::string_view::npos; start = text.find("://", done)) {
    const std::size_t authority = start + 3;
    const std::size_t end = url_end(text, authority);
    masked += text.substr(done, authority - done);
    std::string_view url = text.substr(authority, end - authority);
    const auto colon = url.find(':');
    const auto at = url.rfind('@');
    if (colon != std::string_view::npos && at != std::string_view::npos && colon < at) {
      masked += url.substr(0, colon + 1);
      masked += mask;
      url = url.substr(at);
    }
    masked += url;
    done = end;
  }
  masked += text.substr(done);
  return masked;
}

std::size_t parameter_end(std::string_view text, std::size_t from) {
  if (from >= text.size() || text[from] != '\'')
    return std::min(text.find_first_of("& \t", from), text.size());
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '\'')
      return i + 1;
  }
  return text.size();
}

/// password=… and sslpassword=… of a URL's query or of a libpq connection string (quoted there, or blanks
/// around =).
std::string mask_parameters(std::string_view text) {
  constexpr std::string_view name = "password";
  std::string masked;
  std::size_t done = 0;
  for (auto found = text.find(name); found != std::string_view::npos; found = text.find(name, found)) {
    found += name.size();
    const auto equals = text.find_first_not_of(" \t", found);
    if (equals == std::string_view::npos || text[equals] != '=') continue;
    const auto value = std::min(text.find_first_not_of(" \t", equals + 1), text.size());
    masked += text.substr(done, value - done);
    masked += mask;
    done = found = parameter_end(text, value);
  }
  masked += text.substr(done);
  return masked;
}

}  // namespace

std::string mask_passwords(std::string_view text) {
  return mask_parameters(mask_user_information(text));
}

bool is_secret_property(std::string_view name) {
  static constexpr std::array<std::string_view, 4> marks{"password", "secret", "pem", "oauthbearer.config"};
  return std::ranges::any_of(marks, [&](std::string_view mark) { return name.find(mark) != name.npos; });
}

}  // namespace chat::config
