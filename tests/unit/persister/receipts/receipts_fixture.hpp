// A room in a real Redis as the gateways leave it there, a subscriber to its channel, and the receipts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/metrics/metrics.hpp"
#include "common/redis/subscriber_connection.hpp"
#include "persister/receipts/redis_receipts.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/redis_server.hpp"

namespace chat::persister::test {

class ReceiptsFixture : public ::testing::Test, private redis::SubscriberConnection::Listener {
 protected:
  static constexpr std::int64_t epoch = 1'764'000'000'000;

  void SetUp() override {
    make_receipts({});
    subscriber_.subscribe(channel);
    subscriber_.start();
    admin_.start();
    ASSERT_TRUE(until([&] { return admin_.is_ready() && is_subscribed_ && receipts_->connected(); }));
  }

  void make_receipts(ReceiptOptions options) {
    options.retry = std::chrono::milliseconds{50};
    receipts_ = std::make_unique<RedisReceipts>(context_, server_.settings(), metrics_, options);
    receipts_->start();
    ASSERT_TRUE(until([&] { return receipts_->connected(); }));
  }

  template <class Condition>
  bool until(Condition condition) {
    return chat::test::pump_until(context_, condition);
  }

  /// A plain command; the answer as text (an integer in digits, an array's texts joined by spaces).
  std::string redis(std::vector<std::string> words) {
    std::optional<std::string> answer;
    const std::vector<std::string_view> views(words.begin(), words.end());
    admin_.send(views, [&](const redis::Reply& reply) { answer = text_of(reply); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return answer.value_or("");
  }

  /// The room's messages `first` to `last`, as accept.lua leaves them.
  void accept(std::int64_t first, std::int64_t last, std::int64_t in_epoch = epoch) {
    for (auto seq = first; seq <= last; ++seq)
      redis({"XADD", log, std::to_string(in_epoch) + "-" + std::to_string(seq), "m", "message"});
    redis({"HSET", meta, "epoch", std::to_string(in_epoch), "seq", std::to_string(last), "run", "r"});
  }

  /// The ranges' numbers, in one call.
  static ResolvedNumbers numbers(const std::vector<NumberRange>& stored,
                                 const std::vector<NumberRange>& voids = {}) {
    ResolvedNumbers resolved{0, "general", {}, {}};
    for (const auto& range : stored)
      for (auto seq = range.first; seq <= range.last; ++seq) resolved.stored.push_back({range.epoch, seq});
    for (const auto& range : voids)
      for (auto seq = range.first; seq <= range.last; ++seq) resolved.voids.push_back({range.epoch, seq});
    return resolved;
  }

  /// Told and taken by Redis.
  void resolve(const std::vector<NumberRange>& stored, const std::vector<NumberRange>& voids = {}) {
    receipts_->resolved({numbers(stored, voids)});
    ASSERT_TRUE(until([&] { return has_been_told(); }));
  }

  bool has_been_told() {
    context_.poll();
    return metrics_.gauge("chat_persister_receipts_waiting", "").Value() == 0;
  }

  double count(const std::string& name) { return metrics_.counter(name, "").Value(); }

  std::string watermark() { return redis({"GET", stored_key}); }
  static std::string entry_id(std::int64_t seq, std::int64_t in_epoch = epoch) {
    return std::to_string(in_epoch) + "-" + std::to_string(seq);
  }
  std::string first_entry() {
    const std::string entries = redis({"XRANGE", log, "-", "+", "COUNT", "1"});
    return entries.substr(0, entries.find(' '));
  }

  const std::string channel = "chat:{general}";
  const std::string meta = "chat:{general}:meta";
  const std::string log = "chat:{general}:log";
  const std::string stored_key = "chat:{general}:stored";

  chat::test::RedisServer server_;
  boost::asio::io_context context_;
  Metrics metrics_;
  std::unique_ptr<RedisReceipts> receipts_;
  std::vector<std::string> heard_;
  redis::CommandConnection admin_{
      context_, server_.settings(), {}, "admin", redis::ConnectionMetrics(metrics_, "admin")};

 private:
  static std::string text_of(const redis::Reply& reply) {
    if (reply.type() == redis::Reply::Type::integer) return std::to_string(reply.integer());
    if (reply.type() != redis::Reply::Type::array) return std::string(reply.text());
    std::string joined;
    for (std::size_t i = 0; i < reply.size(); ++i) joined += (i > 0 ? " " : "") + text_of(reply.at(i));
    return joined;
  }

  void on_message(std::string_view, std::string_view payload) override { heard_.emplace_back(payload); }
  void on_permanent_message(std::string_view) override {}
  void on_drained() override {}
  void on_subscribed(std::string_view) override { is_subscribed_ = true; }
  void on_lost() override { is_subscribed_ = false; }

  bool is_subscribed_ = false;
  redis::SubscriberConnection subscriber_{
      context_, server_.settings(), "permanent", "test", redis::ConnectionMetrics(metrics_, "test"), {},
      *this};
};

}  // namespace chat::persister::test
