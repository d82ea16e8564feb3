#include "gateway/app/shedding.hpp"

#include <algorithm>
#include <future>
#include <string>

#include "common/log/log.hpp"
#include "gateway/app/shed_request.hpp"

namespace chat::gateway {
namespace {

using Status = boost::beast::http::status;
using Clock = std::chrono::steady_clock;

/// A worker that does not come to it in this time is stuck; its clients are not in the number.
constexpr std::chrono::seconds worker_deadline{2};

}  // namespace

admin::Answer Shedding::answer(std::string_view query) {
  const auto request = parse_shed_request(query, default_span_);
  if (!request) return {.status = Status::bad_request, .body = request.error().message + "\n"};
  if (is_under_way())
    return {.status = Status::conflict,
            .body = "clients of an earlier request are still leaving; ask again when they have left\n"};
  std::vector<std::size_t> clients;
  for (const auto& worker : workers_) clients.push_back(worker->connections());
  ends_ = Clock::now() + request->span;
  const std::size_t count = shed(shares_of(clients, request->percent), request->span);
  log::info("clients are sent to other gateways",
            {{"clients", count}, {"percent", request->percent}, {"spread_ms", request->span.count()}});
  return {.content_type = "application/json", .body = "{\"shed\":" + std::to_string(count) + "}\n"};
}

/// A worker's number of departures may be that of a moment ago.
bool Shedding::is_under_way() const {
  return Clock::now() < ends_ ||
         std::ranges::any_of(workers_, [](const auto& worker) { return worker->departures() > 0; });
}

std::size_t Shedding::shed(const std::vector<std::size_t>& shares, std::chrono::milliseconds span) {
  std::vector<std::future<std::size_t>> told;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    auto promise = std::make_shared<std::promise<std::size_t>>();
    told.push_back(promise->get_future());
    workers_[i]->shed(shares[i], span, [promise](std::size_t count) { promise->set_value(count); });
  }
  std::size_t sum = 0;
  for (auto& count : told)
    if (count.wait_for(worker_deadline) == std::future_status::ready) sum += count.get();
  return sum;
}

}  // namespace chat::gateway
