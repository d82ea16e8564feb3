#include "common/base/certificate_fault.hpp"

namespace chat {

/// OpenSSL's numbers are part of its binary interface; its header would tie every user of this one to it.
std::string certificate_fault(long x509_error) {
  switch (x509_error) {
    case 62:  // X509_V_ERR_HOSTNAME_MISMATCH
    case 64:  // X509_V_ERR_IP_ADDRESS_MISMATCH
      return "its certificate is for another name";
    case 9:  // X509_V_ERR_CERT_NOT_YET_VALID
      return "its certificate is not valid yet";
    case 10:  // X509_V_ERR_CERT_HAS_EXPIRED
      return "its certificate has expired";
    case 2:   // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
    case 18:  // X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
    case 19:  // X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
    case 20:  // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    case 21:  // X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
      return "its certificate is of a CA that is not trusted";
    default:
      return "its certificate is not accepted (X.509 error " + std::to_string(x509_error) + ")";
  }
}

}  // namespace chat
