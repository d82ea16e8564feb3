// The client's side of TLS, which checks no certificate unless told to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/ssl.h>

namespace chat::test {

/// On a descriptor of the caller's, blocking or not.
class TlsClient {
 public:
  struct Options {
    bool verify = false;
    std::vector<unsigned char> protocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    int max_version = 0;  // 0: the newest
  };

  explicit TlsClient(int descriptor) : TlsClient(descriptor, Options{}) {}
  TlsClient(int descriptor, const Options& options)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    if (options.max_version != 0) {
      SSL_CTX_set_security_level(context_.get(), 0);  // the old versions need it
      SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context_.get(), options.max_version);
    }
    SSL_CTX_set_verify(context_.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_alpn_protos(ssl_.get(), options.protocols.data(),
                        static_cast<unsigned>(options.protocols.size()));
    SSL_set_fd(ssl_.get(), descriptor);
    SSL_set_connect_state(ssl_.get());
  }

  SSL* get() const { return ssl_.get(); }

  /// The subject of the server's certificate.
  std::string peer() const {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl_.get()),
                                                                  X509_free);
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
    return name;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

}  // namespace chat::test
