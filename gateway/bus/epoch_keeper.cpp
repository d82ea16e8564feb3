#include "gateway/bus/epoch_keeper.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"

namespace chat::gateway {
namespace {

constexpr std::chrono::milliseconds tick_period{200};
constexpr std::chrono::seconds report_period{10};

/// The time for gateways that were connected to the Redis before: to give the proof, and to produce what they
/// showed.
constexpr std::chrono::seconds witness_time{1};

}  // namespace

EpochKeeper::EpochKeeper(boost::asio::io_context& context, redis::CommandConnection& connection,
                         RoomCommands& commands, Metrics& metrics, std::function<std::int64_t()> seen,
                         const Clock& clock)
    : connection_(connection),
      commands_(commands),
      seen_(std::move(seen)),
      clock_(clock),
      timer_(context),
      reports_(report_period),
      figures_(metrics) {}

void EpochKeeper::tick() {
  if (connection_.is_ready())
    ask_redis();
  else
    unproven_since_.reset();
  timer_.expires_after(tick_period);
  timer_.async_wait(lifetime_.guard([this](boost::system::error_code) { tick(); }));
}

void EpochKeeper::ask_redis() {
  if (std::exchange(is_asking_redis_, true)) return;
  EpochClaim claim{.floor = seen_()};
  // Another gateway may have proven this Redis with an epoch below those that were given before.
  if (connection_.run_id() != proven_run_)
    claim.floor = std::max(claim.floor, witness_.bound(clock_.now()).value_or(0));
  commands_.tell_epoch(claim, [this, run = connection_.run_id()](const EpochReply& reply) {
    is_asking_redis_ = false;
    on_reply(run, reply);
  });
}

void EpochKeeper::on_reply(const std::string& run, const EpochReply& reply) {
  if (!reply.available) return;
  figures_.epochs_unproven.Set(reply.is_proven ? 0 : 1);
  if (!reply.is_proven) return on_unproven(run);
  unproven_since_.reset();
  proven_run_ = run;
  witness_.saw(reply.highest, reply.clock_ms, clock_.now());
}

void EpochKeeper::on_unproven(const std::string& run) {
  const auto now = clock_.now();
  if (!unproven_since_) {
    unproven_since_ = now;
    reports_.begin(now);
  }
  if (const auto bound = witness_.bound(now)) return prove(*bound, "what the Redis before it gave");
  if (archive_ != nullptr) return ask_archive(run);
  if (has_waited()) prove(own_clock_ms(), "this gateway's clock");
}

std::int64_t EpochKeeper::own_clock_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall_time().time_since_epoch()).count();
}

bool EpochKeeper::has_waited() const {
  return unproven_since_ && clock_.now() - *unproven_since_ >= witness_time;
}

void EpochKeeper::ask_archive(const std::string& run) {
  if (std::exchange(is_asking_archive_, true)) return;
  archive_->find_highest(lifetime_.guard([this, run](const ArchivedEpochs& archived) {
    is_asking_archive_ = false;
    on_archive(run, archived);
  }));
}

void EpochKeeper::on_archive(const std::string& run, const ArchivedEpochs& archived) {
  // A run in between may have given epochs that were not in Kafka yet.
  if (!connection_.is_ready() || connection_.run_id() != run || !unproven_since_) return;
  if (!archived.is_known)
    return report("PostgreSQL does not have all that Kafka has, or one of them is away");
  if (!archived.is_empty && !has_waited()) return;
  prove(std::max(archived.highest, own_clock_ms()), "Kafka and PostgreSQL");
}

void EpochKeeper::prove(std::int64_t floor, std::string_view by) {
  floor = std::max(floor, seen_());
  figures_.epoch_proofs.Increment();
  log::info("Redis is new; its epochs begin above all earlier ones",
            {{"run", connection_.run_id()}, {"floor", floor}, {"known_by", by}});
  commands_.tell_epoch({.floor = floor, .proves = true},
                       [this, run = connection_.run_id()](const EpochReply& reply) {
                         if (reply.is_proven) on_reply(run, reply);
                       });
}

void EpochKeeper::report(std::string_view reason) {
  if (!reports_.allows(clock_.now())) return;
  log::warning(
      "Redis is new, and it cannot be proven which numbers rooms had before; messages are answered "
      "unavailable. Check PostgreSQL, Kafka and the persister",
      {{"reason", reason}});
}

}  // namespace chat::gateway
