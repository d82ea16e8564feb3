// Certificates with their keys, made for one test, in files.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace chat::test {

/// A folder of its own, which is removed with it. Signed by themselves: clients that do not check need no
/// more.
class TestCertificates {
 public:
  struct Files {
    std::string chain;
    std::string key;
  };
  struct Options {
    std::chrono::hours valid_for{24};  // below 0: it has expired
    const char* passphrase = nullptr;  // of the key
  };

  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  /// Writes NAME.pem and NAME.key, over older ones. The subject is CN=NAME.
  Files make(const std::string& name) { return make(name, Options{}); }
  Files make(const std::string& name, const Options& options);

  /// Writes any other file.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace chat::test
