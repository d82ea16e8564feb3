#include "common/kafka/client_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

using testing::HasSubstr;
using testing::Not;

class FakeEvent : public RdKafka::Event {
 public:
  Type type_ = EVENT_LOG;
  RdKafka::ErrorCode error_ = RdKafka::ERR_NO_ERROR;
  Severity severity_ = EVENT_SEVERITY_WARNING;
  std::string facility_;
  std::string text_;

  Type type() const override { return type_; }
  RdKafka::ErrorCode err() const override { return error_; }
  Severity severity() const override { return severity_; }
  std::string fac() const override { return facility_; }
  std::string str() const override { return text_; }
  int throttle_time() const override { return 0; }
  std::string broker_name() const override { return {}; }
  int broker_id() const override { return 0; }
  bool fatal() const override { return false; }
};

config::KafkaSettings with_secret() {
  config::KafkaSettings settings;
  settings.username = "ann";
  settings.password = "top-secret";
  return settings;
}

TEST(KafkaEvents, a_secret_never_reaches_the_log) {
  ClientEvents events(with_secret(), "test", nullptr);
  FakeEvent event;
  event.facility_ = "CONF";
  event.text_ = "sasl.password = top-secret, again top-secret";
  testing::internal::CaptureStdout();
  events.event_cb(event);
  event.type_ = RdKafka::Event::EVENT_ERROR;
  event.error_ = RdKafka::ERR__AUTHENTICATION;
  events.event_cb(event);
  const std::string log = testing::internal::GetCapturedStdout();
  EXPECT_THAT(log, HasSubstr("sasl.password = ***, again ***"));
  EXPECT_THAT(log, Not(HasSubstr("top-secret")));
  EXPECT_THAT(events.last_reason(), Not(HasSubstr("top-secret")));
  EXPECT_EQ(events.last_error(), RdKafka::ERR__AUTHENTICATION);
}

TEST(KafkaEvents, the_loss_of_all_brokers_is_known_until_statistics_show_one) {
  ClientEvents events({}, "test", nullptr);
  FakeEvent event;
  event.type_ = RdKafka::Event::EVENT_ERROR;
  event.error_ = RdKafka::ERR__ALL_BROKERS_DOWN;
  testing::internal::CaptureStdout();
  events.event_cb(event);
  EXPECT_FALSE(events.has_broker());
  event.type_ = RdKafka::Event::EVENT_STATS;
  event.text_ = R"({"brokers":{"a":{"state":"DOWN"}}})";
  events.event_cb(event);
  EXPECT_FALSE(events.has_broker());
  event.text_ = R"({"brokers":{"a":{"state":"UP"}}})";
  events.event_cb(event);
  EXPECT_TRUE(events.has_broker());
  testing::internal::GetCapturedStdout();
}

TEST(KafkaEvents, a_certificate_is_judged_by_openssl_and_its_fault_is_the_reason_of_the_error) {
  ClientEvents events({}, "test", nullptr);
  std::string reason;
  int verdict = 0;
  EXPECT_TRUE(events.ssl_cert_verify_cb("b:1", 1, &verdict, 1, nullptr, 0, reason));
  verdict = 62;
  EXPECT_FALSE(events.ssl_cert_verify_cb("b:1", 1, &verdict, 0, nullptr, 0, reason));
  FakeEvent event;
  event.type_ = RdKafka::Event::EVENT_ERROR;
  event.error_ = RdKafka::ERR__TRANSPORT;
  event.text_ = "ssl://b:1/1: error:0A000086:SSL routines::certificate verify failed (after 1ms)";
  testing::internal::CaptureStdout();
  events.event_cb(event);
  EXPECT_EQ(events.last_error(), RdKafka::ERR__SSL);
  EXPECT_EQ(events.last_reason(), "its certificate is for another name");
  event.error_ = RdKafka::ERR__AUTHENTICATION;
  event.text_ = "sasl_ssl://b:1/1: SASL authentication error: no (after 1ms)";
  events.event_cb(event);
  EXPECT_EQ(events.last_reason(), "SASL authentication error: no");
  testing::internal::GetCapturedStdout();
}

TEST(KafkaEvents, an_offset_that_is_gone_is_counted_and_is_an_error) {
  Metrics metrics;
  ClientEvents events({}, "source", &metrics);
  FakeEvent event;
  event.facility_ = "OFFSET";
  event.text_ = "MESSAGES [0]: offset reset (at offset 5) to BEGINNING: Broker: Offset out of range";
  testing::internal::CaptureStdout();
  events.event_cb(event);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr(R"("level":"error")"));
  EXPECT_THAT(metrics.text(), HasSubstr(R"(chat_kafka_offset_resets_total{client="source"} 1)"));
}

}  // namespace
}  // namespace chat::kafka
