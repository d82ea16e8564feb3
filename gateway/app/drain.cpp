#include "gateway/app/drain.hpp"

#include "common/log/log.hpp"
#include "gateway/connection/close_codes.hpp"

namespace chat::gateway {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds poll_period{5};
/// A store answers or gives up within 3 s.
constexpr milliseconds script_replies_deadline{4'000};
/// After its turn a client may wait 2 s for an answer.
constexpr milliseconds last_departure_deadline{3'000};

}  // namespace

std::size_t Drain::run(boost::asio::io_context& main) {
  DrainPhases phases(
      {times_.delay, times_.span + last_departure_deadline, script_replies_deadline, times_.timeout},
      Clock::now());
  enter(phases.phase());
  while (phases.phase() != DrainPhase::done) {
    if (phases.advance(view(), Clock::now()))
      enter(phases.phase());
    else
      main.run_for(poll_period);
  }
  return undelivered_;
}

void Drain::enter(DrainPhase phase) {
  switch (phase) {
    case DrainPhase::announcing:
      return log::info("draining", {{"clients", view().clients},
                                    {"delay_ms", times_.delay.count()},
                                    {"spread_ms", times_.span.count()}});
    case DrainPhase::moving:
      for (const auto& worker : workers_) worker->drain(times_.span);
      return;
    case DrainPhase::settling:
      // A send whose script ran is already in the stream, so it must get into the journal.
      for (const auto& worker : workers_) worker->stop_commands();
      return;
    case DrainPhase::flushing:
      undelivered_ = journal_.flush(times_.timeout);
      if (undelivered_ > 0)
        log::error("messages did not reach Kafka before the deadline", {{"messages", undelivered_}});
      return;
    case DrainPhase::closing:
      for (const auto& worker : workers_) worker->close_all(ws::close_code::restart, "restart");
      return;
    case DrainPhase::done:
      return;
  }
}

DrainView Drain::view() const {
  DrainView all;
  for (const auto& worker : workers_) {
    all.clients += worker->connections();
    all.departures += worker->departures();
    all.accepts_in_flight += worker->accepts_in_flight();
  }
  return all;
}

}  // namespace chat::gateway
