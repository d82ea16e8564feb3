#include "gateway/bus/memory_watch.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "common/redis/info.hpp"

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds period{5};
constexpr std::chrono::milliseconds period_without_answer{500};

void set(prometheus::Gauge& gauge, std::string_view info, std::string_view name) {
  const auto text = redis::info_field(info, name);
  std::int64_t bytes = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), bytes).ec != std::errc{}) return;
  gauge.Set(static_cast<double>(bytes));
}

}  // namespace

MemoryWatch::MemoryWatch(boost::asio::io_context& context, redis::CommandConnection& connection,
                         const BusMetrics& metrics)
    : connection_(connection), metrics_(metrics), timer_(context) {}

void MemoryWatch::tick() {
  const bool asks = connection_.is_ready() && !is_asking_;
  if (asks) {
    is_asking_ = true;
    connection_.send({"INFO", "memory"}, lifetime_.guard([this](const redis::Reply& reply) { take(reply); }));
  }
  timer_.expires_after(asks ? std::chrono::milliseconds(period) : period_without_answer);
  timer_.async_wait(lifetime_.guard([this](boost::system::error_code) { tick(); }));
}

void MemoryWatch::take(const redis::Reply& reply) {
  is_asking_ = false;
  if (reply.is_none() || reply.is_error()) return;
  set(metrics_.memory_used, reply.text(), "used_memory");
  set(metrics_.memory_max, reply.text(), "maxmemory");
}

}  // namespace chat::gateway
