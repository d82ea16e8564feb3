#include "common/redis/library.hpp"

#include <hiredis/hiredis.h>

namespace chat::redis {

std::pair<std::string, std::string> library() {
  return {"hiredis", std::to_string(HIREDIS_MAJOR) + "." + std::to_string(HIREDIS_MINOR) + "." +
                         std::to_string(HIREDIS_PATCH)};
}

}  // namespace chat::redis
