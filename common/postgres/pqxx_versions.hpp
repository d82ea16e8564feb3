// All that differs between libpqxx 6.4 and 7.10. Included by this folder's sources only.
#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

namespace chat::postgres {

inline pqxx::result run_statement(pqxx::work& work, const std::string& sql,
                                  const std::vector<std::string>& parameters) {
  if (parameters.empty()) return work.exec(sql);
#if PQXX_VERSION_MAJOR < 7
  return work.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
#else
  pqxx::params values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) values.append(parameter);
#if PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR < 10
  return work.exec_params(sql, values);
#else
  return work.exec(sql, values);
#endif
#endif
}

/// libpqxx 6 connects again by itself within a statement and loses what was set.
inline void forbid_reconnect([[maybe_unused]] pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
}

}  // namespace chat::postgres
