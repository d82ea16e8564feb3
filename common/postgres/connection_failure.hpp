// Why a connection to PostgreSQL could not be made, read from libpq's message: it gives no SQLSTATE for that.
#pragma once

#include "common/postgres/failure.hpp"

namespace chat::postgres {

/// Pure. Names cause and remedy where the message shows them: a refused login or certificate, a server that
/// starts or is full. libpq's own messages are English in our processes; the server's are in its language
/// (lc_messages), and where that is another one the failure stays "unreachable" with the server's words.
Failure explain_connection_failure(Failure failure);

}  // namespace chat::postgres
