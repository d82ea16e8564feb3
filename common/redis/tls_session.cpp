#include "common/redis/tls_session.hpp"

#include <utility>

#if CHAT_REDIS_TLS

#include <hiredis/async.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/base/certificate_fault.hpp"

namespace chat::redis {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

bool trust(SSL_CTX* context, const std::string& ca_file) {
  return (ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                          : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr)) == 1;
}

/// hiredis verifies no name. An address is not sent as the server's name (RFC 6066, section 3).
bool expect_host(SSL* ssl, const std::string& host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) return true;
  // SSL_set_tlsext_host_name, whose macro casts as C does.
  std::string name = host;
  return SSL_set1_host(ssl, host.c_str()) == 1 &&
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

}  // namespace

struct TlsSession::Impl {
  std::unique_ptr<SSL, Free> ssl;
};

TlsSession::TlsSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::make(const std::string& host, const std::string& ca_file) {
  const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
  if (!context) return Error{"out of memory"};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const bool is_trusting = trust(context.get(), ca_file);
  auto impl = std::make_unique<Impl>();
  impl->ssl.reset(SSL_new(context.get()));
  const bool is_ready = impl->ssl && expect_host(impl->ssl.get(), host);
  forget_errors();
  if (!is_trusting) return Error{"the file of REDIS_CA_FILE has no certificate in PEM"};
  if (!is_ready) return Error{"the host's name cannot be verified"};
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(impl)));
}

bool TlsSession::begin(redisAsyncContext& context) {
  forget_errors();
  // One reference is hiredis's, which frees it with the connection.
  SSL_up_ref(impl_->ssl.get());
  if (redisInitiateSSL(&context.c, impl_->ssl.get()) == REDIS_OK) return true;
  SSL_free(impl_->ssl.get());
  return false;
}

bool TlsSession::is_agreed() const {
  return SSL_is_init_finished(impl_->ssl.get()) == 1;
}

std::string TlsSession::fault() const {
  if (const long verdict = SSL_get_verify_result(impl_->ssl.get()); verdict != X509_V_OK)
    return certificate_fault(verdict);
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "" : reason;
}

bool TlsSession::has_bytes() const {
  return SSL_pending(impl_->ssl.get()) > 0;
}

void TlsSession::forget_errors() {
  ERR_clear_error();
}

}  // namespace chat::redis

#else

namespace chat::redis {

struct TlsSession::Impl {};

TlsSession::TlsSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::make(const std::string&, const std::string&) {
  return Error{"this build cannot speak TLS to Redis"};
}

bool TlsSession::begin(redisAsyncContext&) {
  return false;
}

bool TlsSession::is_agreed() const {
  return false;
}

std::string TlsSession::fault() const {
  return {};
}

bool TlsSession::has_bytes() const {
  return false;
}

void TlsSession::forget_errors() {}

}  // namespace chat::redis

#endif
