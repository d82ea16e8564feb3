#include "gateway/tls/certificate.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>
#include <optional>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace chat::gateway::tls {
namespace {

template <auto free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

constexpr std::string_view http_1_1 = "\x08http/1.1";  // as RFC 7301 section 3.1 lists protocols

/// Takes HTTP/1.1 among what the client offers. A client without it is refused (RFC 7301 section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  unsigned char* found = nullptr;
  const auto* known = reinterpret_cast<const unsigned char*>(http_1_1.data());
  const int outcome = SSL_select_next_proto(&found, length, known, static_cast<unsigned>(http_1_1.size()),
                                            offered, offered_length);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

/// Called where a key has a passphrase, for which OpenSSL would otherwise ask on the terminal.
int refuse_passphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

std::string quoted(const std::string& file) {
  return "\"" + file + "\"";
}

/// OpenSSL's own words for what went wrong first; they are constants, and quote nothing.
std::string reason() {
  const char* text = ERR_reason_error_string(ERR_peek_error());
  return text != nullptr ? text : "unknown error";
}

/// Why the file cannot be read, if so. A folder can be opened, but not be read.
std::optional<std::string> fault_of(const std::string& file) {
  const std::unique_ptr<std::FILE, Freer<std::fclose>> opened(std::fopen(file.c_str(), "re"));
  if (!opened) return std::strerror(errno);
  errno = 0;
  if (std::fgetc(opened.get()) == EOF) return errno != 0 ? std::strerror(errno) : "it is empty";
  return std::nullopt;
}

Result<Key> load_key(const std::string& file) {
  if (const auto fault = fault_of(file))
    return Error{"TLS_KEY_FILE " + quoted(file) + " cannot be read: " + *fault};
  ERR_clear_error();
  const Bio bio(BIO_new_file(file.c_str(), "r"));
  bool has_passphrase = false;
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &has_passphrase) : nullptr);
  if (key) return key;
  if (has_passphrase)
    return Error{"TLS_KEY_FILE " + quoted(file) +
                 " has a passphrase; give a key without one, in a file that only the "
                 "gateway's user can read"};
  return Error{"TLS_KEY_FILE " + quoted(file) + " holds no private key in PEM"};
}

void apply_settings(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // A write that is tried again may come from another buffer, and takes a record at a time. An idle
  // connection holds no buffer of OpenSSL's.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // HTTP and WebSocket say themselves where they end, so an end without close_notify cannot hide a cut.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // With the kernel's TLS, a write that is tried again reads the first try's buffer, which has another
  // content by then.
  SSL_CTX_clear_options(context, SSL_OP_ENABLE_KTLS);
  // Sessions are resumed by tickets, which the client keeps.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

std::string subject_of(const X509* certificate) {
  const Bio text(BIO_new(BIO_s_mem()));
  if (!text || X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* data = nullptr;
  const long length = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &length);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    text.push_back(digits[digest[i] >> 4U]);
    text.push_back(digits[digest[i] & 15U]);
  }
  return text;
}

std::chrono::system_clock::time_point end_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace

Certificate::Certificate(Context context) : context_(std::move(context)) {
  const X509* certificate = SSL_CTX_get0_certificate(context_.get());
  subject_ = subject_of(certificate);
  fingerprint_ = fingerprint_of(certificate);
  not_after_ = end_of(certificate);
}

Result<std::shared_ptr<const Certificate>> Certificate::load(const std::string& chain_file,
                                                             const std::string& key_file) {
  if (const auto fault = fault_of(chain_file))
    return Error{"TLS_CERTIFICATE_FILE " + quoted(chain_file) + " cannot be read: " + *fault};
  const auto key = load_key(key_file);
  if (!key) return key.error();
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error{"OpenSSL cannot be set up: " + reason()};
  apply_settings(context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), chain_file.c_str()) != 1) {
    if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL)
      return Error{"TLS_CERTIFICATE_FILE " + quoted(chain_file) +
                   " has a certificate that OpenSSL refuses: " + reason()};
    return Error{"TLS_CERTIFICATE_FILE " + quoted(chain_file) +
                 " holds no certificate in PEM, or a broken one"};
  }
  if (X509_check_private_key(SSL_CTX_get0_certificate(context.get()), key->get()) != 1)
    return Error{"The key in TLS_KEY_FILE " + quoted(key_file) +
                 " does not belong to the certificate in TLS_CERTIFICATE_FILE " + quoted(chain_file)};
  if (SSL_CTX_use_PrivateKey(context.get(), key->get()) != 1)
    return Error{"TLS_KEY_FILE " + quoted(key_file) + " has a key that OpenSSL refuses: " + reason()};
  return std::shared_ptr<const Certificate>(new Certificate(std::move(context)));
}

SSL* Certificate::make_server() const {
  SSL* server = SSL_new(context_.get());
  if (server == nullptr) throw std::bad_alloc();
  SSL_set_accept_state(server);
  return server;
}

}  // namespace chat::gateway::tls
