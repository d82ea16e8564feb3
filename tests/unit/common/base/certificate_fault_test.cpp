#include "common/base/certificate_fault.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(CertificateFault, SaysWhatAnOperatorCanMend) {
  EXPECT_EQ(certificate_fault(62), "its certificate is for another name");
  EXPECT_EQ(certificate_fault(10), "its certificate has expired");
  EXPECT_EQ(certificate_fault(19), "its certificate is of a CA that is not trusted");
  EXPECT_EQ(certificate_fault(26), "its certificate is not accepted (X.509 error 26)");
}

}  // namespace
}  // namespace chat
