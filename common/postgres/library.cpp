#include "common/postgres/library.hpp"

#include "common/postgres/pqxx_versions.hpp"

namespace chat::postgres {

std::pair<std::string, std::string> library() {
  return {"libpqxx", PQXX_VERSION};
}

}  // namespace chat::postgres
