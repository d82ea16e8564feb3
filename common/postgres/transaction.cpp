#include "common/postgres/transaction.hpp"

#include <utility>

#include "common/postgres/pqxx_versions.hpp"
#include "common/postgres/watchdog.hpp"

namespace chat::postgres {

Answer Transaction::execute(const std::string& sql, const std::vector<std::string>& parameters) {
  watchdog_.progress();
  const pqxx::result result = run_statement(*static_cast<pqxx::work*>(implementation_), sql, parameters);
  watchdog_.progress();
  Answer answer;
  answer.affected = static_cast<std::size_t>(result.affected_rows());
  answer.rows.reserve(static_cast<std::size_t>(result.size()));
  for (const auto& row : result) {
    auto& copy = answer.rows.emplace_back();
    copy.reserve(static_cast<std::size_t>(row.size()));
    for (const auto& field : row) {
      if (field.is_null())
        copy.emplace_back();
      else
        copy.emplace_back(std::in_place, field.c_str(), static_cast<std::size_t>(field.size()));
    }
  }
  return answer;
}

void ArrayLiteral::add(std::string_view value) {
  text_ += text_.empty() ? "{\"" : ",\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

std::string ArrayLiteral::take() {
  if (text_.empty()) return "{}";
  text_ += '}';
  return std::exchange(text_, {});
}

}  // namespace chat::postgres
