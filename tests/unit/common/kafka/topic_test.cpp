#include "common/kafka/topic.hpp"

#include <future>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

/// A port where nothing ever answers, to learn that a client has begun to look for its brokers.
class SilentBroker {
 public:
  SilentBroker() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 1) != 0 ||
        ::getsockname(listener_, generic, &size) != 0)
      throw std::runtime_error("no port can be listened on");
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentBroker() { ::close(listener_); }
  SilentBroker(const SilentBroker&) = delete;
  SilentBroker& operator=(const SilentBroker&) = delete;

  const std::string& address() const { return address_; }

  /// Returns once a client has connected, and ends its connection.
  void await_client() const { ::close(::accept(listener_, nullptr, nullptr)); }

 private:
  int listener_;
  std::string address_;
};

TEST(EnsureTopic, a_topic_that_exists_is_fine) {
  test::MockCluster cluster;
  const auto topic = ensure_topic(cluster.settings(), "MESSAGES", test::patience);
  EXPECT_TRUE(topic) << topic.error().message;
}

TEST(EnsureTopic, waits_for_a_broker_that_starts_later) {
  test::MockCluster cluster;
  cluster.down();
  const SilentBroker silent;
  auto settings = cluster.settings();
  settings.brokers = silent.address() + "," + settings.brokers;
  auto topic =
      std::async(std::launch::async, [&] { return ensure_topic(settings, "MESSAGES", test::patience); });
  silent.await_client();
  EXPECT_EQ(topic.wait_for(milliseconds{0}), std::future_status::timeout);
  cluster.up();
  EXPECT_TRUE(topic.get().has_value());
}

// The mock cannot make topics, which is as good as a broker that may not.
TEST(EnsureTopic, a_topic_that_cannot_be_made_is_one_sentence) {
  test::MockCluster cluster;
  const auto topic = ensure_topic(cluster.settings(), "OTHER", milliseconds{5000});
  ASSERT_FALSE(topic);
  EXPECT_THAT(topic.error().message,
              AllOf(HasSubstr("topic OTHER could not be made with 4 partitions and 1 replicas"),
                    HasSubstr("KAFKA_REPLICATION")));
}

TEST(EnsureTopic, a_broker_that_is_away_is_one_sentence) {
  config::KafkaSettings settings;
  settings.brokers = "127.0.0.1:1";
  const auto topic = ensure_topic(settings, "MESSAGES", milliseconds{500});
  ASSERT_FALSE(topic);
  EXPECT_THAT(topic.error().message,
              AllOf(HasSubstr("Kafka at 127.0.0.1:1 cannot be used"), HasSubstr("KAFKA_BROKER")));
}

TEST(EnsureTopic, a_property_that_librdkafka_does_not_know_is_named_by_its_variable) {
  config::KafkaSettings settings;
  settings.conf["no.such.property"] = "1";
  const auto topic = ensure_topic(settings, "MESSAGES", milliseconds{500});
  ASSERT_FALSE(topic);
  EXPECT_THAT(topic.error().message,
              AllOf(HasSubstr("KAFKA_CONF_NO_SUCH_PROPERTY"), HasSubstr("no property")));
}

TEST(EnsureTopic, a_value_that_librdkafka_does_not_take_is_named_by_its_variable) {
  config::KafkaSettings settings;
  settings.conf["socket.timeout.ms"] = "soon";
  const auto topic = ensure_topic(settings, "MESSAGES", milliseconds{500});
  ASSERT_FALSE(topic);
  EXPECT_THAT(topic.error().message, HasSubstr("KAFKA_CONF_SOCKET_TIMEOUT_MS"));
}

}  // namespace
}  // namespace chat::kafka
