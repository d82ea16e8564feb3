#include "common/postgres/database_url.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include <libpq-fe.h>

#include "common/config/percent_encoding.hpp"

namespace chat::postgres {
namespace {

constexpr std::string_view schemes[] = {"postgresql://", "postgres://"};

struct Foreign {
  std::string_view name;
  std::string_view remedy;
};

constexpr std::string_view leave_out = "leave it out: the services need no such setting";

/// Parameters that other programs write into the same URL.
constexpr std::array foreign{
    Foreign{"pgbouncer", "leave it out: nothing has to be set for a pooler"},
    Foreign{"connection_limit", "leave it out: a gateway's connections are HISTORY_THREADS and a few more"},
    Foreign{"pool_timeout", leave_out},
    Foreign{"socket_timeout", leave_out},
    Foreign{"statement_cache_size", leave_out},
    Foreign{"sslaccept", "write sslmode=verify-full, or sslmode=require for accept_invalid_certs"},
    Foreign{"sslidentity", "write sslcert and sslkey, two files in PEM"},
    Foreign{"uselibpqcompat", leave_out},
};

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

bool is_known(const std::string& name) {
  // libpq reads ssl=true, as JDBC has it, and lists it nowhere.
  if (name == "ssl") return true;
  const Options options(PQconndefaults(), &PQconninfoFree);
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option)
    if (name == option->keyword) return true;
  return false;
}

bool is_readable(const std::string& url) {
  char* reason = nullptr;  // may quote the whole URL, so it is not shown
  const Options options(PQconninfoParse(url.c_str(), &reason), &PQconninfoFree);
  if (reason != nullptr) PQfreemem(reason);
  return options != nullptr;
}

Error unknown(const std::string& name) {
  const auto found = std::ranges::find(foreign, name, &Foreign::name);
  if (found == foreign.end())
    return Error{"has the parameter \"" + name +
                 "\", which libpq does not know; leave it out, or correct its name"};
  return Error{"has the parameter \"" + name + "\", which is another program's and not libpq's; " +
               std::string(found->remedy)};
}

/// Puts one parameter where it belongs.
std::optional<Error> take(std::string_view parameter, DatabaseUrl& url, std::string& kept) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos) return Error{"has a parameter without a value after its ?"};
  const std::string name(parameter.substr(0, equals));
  if (name == "schema") {
    const auto schema = config::percent_decoded(parameter.substr(equals + 1));
    if (!schema || schema->empty())
      return Error{"has an empty or wrongly encoded schema; name one or leave it out"};
    url.schema = *schema;
    return std::nullopt;
  }
  if (!is_known(name)) return unknown(name);
  (kept += kept.empty() ? '?' : '&') += parameter;
  return std::nullopt;
}

}  // namespace

std::size_t scheme_length(std::string_view url) {
  for (const std::string_view scheme : schemes)
    if (url.starts_with(scheme)) return scheme.size();
  return 0;
}

std::size_t parameters_begin(std::string_view url) {
  const std::size_t user_end = url.find_first_of("@/", scheme_length(url));
  return url.find('?', user_end == std::string_view::npos ? scheme_length(url) : user_end);
}

Result<DatabaseUrl> parse_database_url(std::string_view text) {
  if (scheme_length(text) == 0)
    return Error{
        "does not begin with postgresql://; set it to postgresql://user:password@host:port/database"};
  DatabaseUrl url;
  const auto begin = parameters_begin(text);
  url.connection = text.substr(0, begin);
  std::string kept;
  std::string_view rest = begin == std::string_view::npos ? "" : text.substr(begin + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    if (end > 0)
      if (auto error = take(rest.substr(0, end), url, kept)) return *std::move(error);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  url.connection += kept;
  if (!is_readable(url.connection))
    return Error{
        "cannot be read by libpq; write postgresql://user:password@host:port/database, with every character "
        "of the password that is no letter or digit as % and its two hexadecimal digits"};
  return url;
}

}  // namespace chat::postgres
