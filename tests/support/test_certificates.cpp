#include "tests/support/test_certificates.hpp"

#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include <openssl/pem.h>
#include <stdlib.h>

namespace chat::test {
namespace {

template <auto free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using File = std::unique_ptr<std::FILE, Freer<std::fclose>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

Certificate sign(const std::string& name, EVP_PKEY* key, std::chrono::hours valid_for) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  const std::time_t now = std::time(nullptr);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), now - 30 * 24 * 3600);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), now + std::chrono::seconds(valid_for).count());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_set_pubkey(certificate.get(), key);
  if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
  return certificate;
}

}  // namespace

TestCertificates::TestCertificates() {
  std::string pattern = (std::filesystem::temp_directory_path() / "chat-tls-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder");
  folder_ = pattern;
}

TestCertificates::~TestCertificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

TestCertificates::Files TestCertificates::make(const std::string& name, const Options& options) {
  const Files files{folder_ / (name + ".pem"), folder_ / (name + ".key")};
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = sign(name, key.get(), options.valid_for);
  const File chain(std::fopen(files.chain.c_str(), "w"));
  PEM_write_X509(chain.get(), certificate.get());
  const File key_file(std::fopen(files.key.c_str(), "w"));
  const auto* passphrase = reinterpret_cast<const unsigned char*>(options.passphrase);
  const int length = options.passphrase != nullptr ? static_cast<int>(std::strlen(options.passphrase)) : 0;
  PEM_write_PrivateKey(key_file.get(), key.get(), passphrase != nullptr ? EVP_aes_128_cbc() : nullptr,
                       passphrase, length, nullptr, nullptr);
  return files;
}

std::string TestCertificates::write(const std::string& name, const std::string& content) const {
  const std::string path = folder_ / name;
  std::ofstream(path) << content;
  return path;
}

}  // namespace chat::test
