#include "gateway/tls/certificate.hpp"

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <prometheus/gauge.h>

#include "common/metrics/metrics.hpp"
#include "gateway/tls/server_identity.hpp"
#include "tests/support/test_certificates.hpp"

namespace chat::gateway::tls {
namespace {

using chat::test::TestCertificates;

class CertificateTest : public ::testing::Test {
 protected:
  static std::string fault(const std::string& chain, const std::string& key) {
    const auto loaded = Certificate::load(chain, key);
    return loaded ? "" : loaded.error().message;
  }

  static std::string content(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }

  static void replace(const std::string& file, const std::string& by) { std::ofstream(file) << content(by); }

  TestCertificates certificates_;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(CertificateTest, KnowsWhoseItIsAndWhenItEnds) {
  const auto files = certificates_.make("chat.example");
  const auto loaded = Certificate::load(files.chain, files.key);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->subject(), "CN=chat.example");
  EXPECT_EQ((*loaded)->fingerprint().size(), 64U);
  const auto left = (*loaded)->not_after() - std::chrono::system_clock::now();
  EXPECT_LE(left, std::chrono::hours(24));
  EXPECT_GT(left, std::chrono::hours(23));
}

TEST_F(CertificateTest, SaysWhichFileCannotBeRead) {
  const auto files = certificates_.make("chat");
  EXPECT_TRUE(has(fault("/nowhere/chain.pem", files.key),
                  "TLS_CERTIFICATE_FILE \"/nowhere/chain.pem\" cannot be read"));
  EXPECT_TRUE(
      has(fault(files.chain, "/nowhere/key.pem"), "TLS_KEY_FILE \"/nowhere/key.pem\" cannot be read"));
  EXPECT_TRUE(has(fault("/tmp", files.key), "TLS_CERTIFICATE_FILE \"/tmp\" cannot be read"));
  EXPECT_TRUE(has(fault(certificates_.write("empty", ""), files.key), "it is empty"));
}

TEST_F(CertificateTest, SaysWhichFileIsNoPemAndQuotesNothingOfIt) {
  const auto files = certificates_.make("chat");
  const std::string text = certificates_.write("text", "secret-content\n");
  EXPECT_TRUE(
      has(fault(text, files.key), "TLS_CERTIFICATE_FILE \"" + text + "\" holds no certificate in PEM"));
  EXPECT_TRUE(has(fault(files.chain, text), "TLS_KEY_FILE \"" + text + "\" holds no private key in PEM"));
  EXPECT_FALSE(has(fault(files.chain, text), "secret-content"));
  EXPECT_TRUE(has(fault(files.key, files.chain), "TLS_KEY_FILE")) << "the two were swapped";
}

TEST_F(CertificateTest, RefusesTheKeyOfAnotherCertificate) {
  const auto one = certificates_.make("one");
  const auto other = certificates_.make("other");
  EXPECT_TRUE(has(fault(one.chain, other.key), "does not belong to the certificate"));
}

TEST_F(CertificateTest, RefusesAKeyWithAPassphraseWithoutAskingForIt) {
  const auto files =
      certificates_.make("locked", {.valid_for = std::chrono::hours(1), .passphrase = "secret"});
  EXPECT_TRUE(has(fault(files.chain, files.key), "has a passphrase"));
}

TEST_F(CertificateTest, AnIdentityTakesANewCertificateAndKeepsTheOldOneWhenItCannot) {
  const auto files = certificates_.make("first");
  Metrics metrics;
  ServerIdentity identity(files.chain, files.key, metrics);
  const auto first = identity.certificate();
  const auto second = certificates_.make("second");
  replace(files.chain, second.chain);
  identity.reload();
  EXPECT_EQ(identity.certificate(), first) << "the key is still the old one";
  replace(files.key, second.key);
  identity.reload();
  EXPECT_EQ(identity.certificate()->subject(), "CN=second");
  EXPECT_NE(identity.certificate()->fingerprint(), first->fingerprint());
  std::ofstream(files.chain) << "broken";
  identity.reload();
  EXPECT_EQ(identity.certificate()->subject(), "CN=second");
}

TEST_F(CertificateTest, TheMetricHasTheTimeOfTheEnd) {
  const auto files =
      certificates_.make("expired", {.valid_for = std::chrono::hours(-1), .passphrase = nullptr});
  Metrics metrics;
  const ServerIdentity identity(files.chain, files.key, metrics);
  const auto end =
      std::chrono::duration<double>(identity.certificate()->not_after().time_since_epoch()).count();
  EXPECT_EQ(metrics
                .gauge("chat_tls_certificate_expiry_timestamp_seconds",
                       "Unix time at which the certificate ends that clients are shown")
                .Value(),
            end);
  EXPECT_LT(identity.certificate()->not_after(), std::chrono::system_clock::now());
}

}  // namespace
}  // namespace chat::gateway::tls
