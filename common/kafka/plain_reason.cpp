#include "common/kafka/plain_reason.hpp"

namespace chat::kafka {

std::string plain_reason(std::string_view text) {
  text = text.substr(0, text.find(" (after "));
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos)
    if (const auto end = text.find(": ", scheme); end != std::string_view::npos) text.remove_prefix(end + 2);
  return std::string(text);
}

bool is_of_tls(std::string_view text) {
  return text.find(":SSL routines:") != std::string_view::npos ||
         text.find("SSL handshake failed") != std::string_view::npos;
}

}  // namespace chat::kafka
