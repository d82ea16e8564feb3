#include "common/kafka/plain_reason.hpp"

#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

TEST(PlainReason, is_what_went_wrong_without_address_and_state) {
  EXPECT_EQ(plain_reason("sasl_ssl://localhost:46177/bootstrap: SASL authentication error: Authentication "
                         "failed: Invalid username or password (after 302ms in state AUTH_REQ, 1 identical "
                         "error(s) suppressed)"),
            "SASL authentication error: Authentication failed: Invalid username or password");
  EXPECT_EQ(plain_reason("ssl://[::1]:9093/1: Connect failed"), "Connect failed");
  EXPECT_EQ(plain_reason("no address at all"), "no address at all");
  EXPECT_EQ(plain_reason(""), "");
}

TEST(PlainReason, tells_errors_of_tls_from_others) {
  EXPECT_TRUE(is_of_tls("ssl://b:1/1: error:0A000086:SSL routines::certificate verify failed"));
  EXPECT_TRUE(is_of_tls("SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?"));
  EXPECT_FALSE(is_of_tls("sasl_ssl://b:1/1: SASL authentication error: Authentication failed"));
}

}  // namespace
}  // namespace chat::kafka
