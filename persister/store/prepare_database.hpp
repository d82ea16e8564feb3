// Prepares each new connection of the persister before it is used.
#pragma once

#include <optional>

#include "common/postgres/database.hpp"

namespace chat::persister {

/// Checks the server, migrates the tables to what this release needs and checks them. It is Database's
/// on_connected, since a database that was restored or failed over may be an older or another one. A failure
/// names what an operator has to do. A response other than pause or retry means that waiting does not help.
std::optional<postgres::Failure> prepare_database(postgres::Database& database);

}  // namespace chat::persister
