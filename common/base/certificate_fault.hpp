// What is wrong with a server's certificate, in words for an operator.
#pragma once

#include <string>

namespace chat {

/// Pure. `x509_error` is OpenSSL's number of a failed verification (X509_V_ERR_…).
std::string certificate_fault(long x509_error);

}  // namespace chat
