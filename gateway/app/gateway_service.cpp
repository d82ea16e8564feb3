#include "gateway/app/gateway_service.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

#include <boost/asio/post.hpp>
#include <prometheus/gauge.h>

#include "common/base/shutdown.hpp"
#include "common/kafka/topic.hpp"
#include "common/log/log.hpp"
#include "common/tracing/otlp_exporter.hpp"
#include "gateway/app/all_metrics.hpp"
#include "gateway/app/client_tls.hpp"
#include "gateway/app/drain.hpp"
#include "gateway/app/durability.hpp"
#include "gateway/app/read_trial.hpp"
#include "gateway/app/worker_options.hpp"
#include "gateway/bus/redis_room_store.hpp"
#include "gateway/history/resuming_store.hpp"

namespace chat::gateway {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

Post post_to(asio::io_context& context) {
  return [&context](std::function<void()> call) { asio::post(context, std::move(call)); };
}

constexpr std::chrono::milliseconds poll_period{5};
constexpr std::chrono::milliseconds bus_watch_period{100};
constexpr std::chrono::seconds durability_deadline{10};
constexpr std::chrono::seconds presence_deadline{1};

}  // namespace

GatewayService::GatewayService(GatewaySettings settings)
    : settings_(complete(std::move(settings))),
      main_work_(asio::make_work_guard(main_)),
      durability_log_(metrics_, all_durability_kinds()),
      retention_(metrics_, settings_.kafka.topic),
      gateway_metrics_(metrics_),
      identity_(make_identity(settings_, metrics_)),
      bus_work_(asio::make_work_guard(bus_context_)),
      bus_watch_(bus_context_),
      hub_(bus_context_, gateway_metrics_, settings_.gateway_id) {
  make_all_metrics(metrics_);
}

GatewayService::~GatewayService() {
  admin_.reset();
  topic_watch_.reset();
  bus_context_.stop();
  if (bus_thread_.joinable()) bus_thread_.join();
  for (const auto& worker : workers_) worker->stop();
  // Before the loops to which it posts its answers.
  if (history_) history_->stop();
  epochs_.reset();
  resuming_bus_.reset();
  bus_.reset();
  // The sessions use the journal until they are gone. It must not call workers that are gone.
  if (journal_) journal_->stop();
  workers_.clear();
}

int GatewayService::run() {
  ShutdownSignals signals(
      main_, [this](int) { signalled_ = true; }, handler_of_other_signals(identity_));
  start();
  if (signalled_) return 0;
  phase_ = Phase::ready;
  log::info("ready", {{"gateway", settings_.gateway_id}});
  while (!signalled_) main_.run_one();
  return drain();
}

void GatewayService::start() {
  const std::uint16_t port =
      http::check_port_is_free(settings_.listen_address, static_cast<std::uint16_t>(settings_.port));
  admin_ = std::make_unique<admin::AdminServer>(
      settings_.admin.address, static_cast<std::uint16_t>(settings_.admin.port), metrics_,
      [this] { return readiness(); }, commands());
  log::info("admin port open", {{"address", settings_.admin.address}, {"port", admin_->port()}});
  make_tracer();
  make_journal();
  make_history();
  start_workers();
  wait_for_redis();
  if (!signalled_) check_durability();
  if (!signalled_) open_listeners(port);
}

void GatewayService::make_tracer() {
  tracer_ = tracing::make_tracer(settings_.tracing, settings_.gateway_id, metrics_);
  hub_.trace_with(tracer_.get());
}

void GatewayService::make_journal() {
  auto& start = dependencies_.add("kafka");
  const auto topic = kafka::ensure_topic(settings_.kafka, settings_.kafka.topic, settings_.startup_timeout,
                                         [&start](const Trouble& trouble) { start.fail(trouble); });
  if (!topic) throw std::runtime_error(topic.error().message);
  start.succeed();
  KafkaJournalOptions options;
  options.client_id = settings_.gateway_id;
  options.max_records = static_cast<std::size_t>(settings_.journal_max_records);
  options.max_bytes = static_cast<std::size_t>(settings_.journal_max_mebibytes) * 1024 * 1024;
  options.tracer = tracer_.get();
  journal_ = std::make_unique<KafkaJournal>(
      settings_.kafka, options,
      [this](std::size_t worker, auto calls) { workers_[worker]->rooms().post_all(std::move(calls)); },
      metrics_);
}

void GatewayService::make_history() {
  if (settings_.database.url.empty()) {
    log::warning("DATABASE_URL is not set: messages older than a room's Redis stream cannot be read");
    return;
  }
  PostgresHistoryOptions options;
  options.client_id = settings_.gateway_id;
  options.threads = static_cast<std::size_t>(settings_.history_threads);
  history_ = std::make_unique<PostgresHistory>(settings_.database, settings_.kafka, options, metrics_,
                                               dependencies_.add("postgres"));
  epochs_ = std::make_unique<StoredEpochs>(settings_.database, settings_.kafka, settings_.gateway_id,
                                           post_to(bus_context_));
}

void GatewayService::start_workers() {
  for (std::size_t i = 0; i < static_cast<std::size_t>(settings_.workers); ++i) {
    WorkerOptions options = worker_options(settings_, i);
    options.identity = identity_;
    options.tracer = tracer_.get();
    options.transfer = [this](std::size_t worker, std::shared_ptr<http::TransferredConnection> connection) {
      workers_[worker]->adopt(std::move(connection));
    };
    workers_.push_back(
        std::make_unique<Worker>(std::move(options), hub_, bus_context_, *journal_, gateway_metrics_));
  }
  bus_ = std::make_unique<RedisBus>(bus_context_, settings_.redis, settings_.gateway_id, metrics_, hub_,
                                    redis::Timing{}, &dependencies_.add("redis"));
  bus_->use(epochs_.get());
  std::vector<WorkerPort*> ports;
  for (const auto& worker : workers_) ports.push_back(&worker->rooms());
  resuming_bus_ = std::make_unique<ResumingBus>(*bus_, history_.get(), post_to(bus_context_));
  hub_.attach(*resuming_bus_, ports);
  bus_->start();
  watch_bus();
  bus_thread_ = std::thread([this] { bus_context_.run(); });
  for (const auto& worker : workers_) {
    auto store = std::make_unique<RedisRoomStore>(worker->context(), settings_.redis, metrics_,
                                                  settings_.stream_hard_cap, redis::Timing{},
                                                  &dependencies_.add("redis"));
    store->start();
    worker->start(
        std::make_unique<ResumingStore>(std::move(store), history_.get(), post_to(worker->context())),
        history_.get());
  }
}

void GatewayService::watch_bus() {
  bus_connected_ = bus_->connected();
  bus_watch_.expires_after(bus_watch_period);
  bus_watch_.async_wait([this](boost::system::error_code error) {
    if (!error) watch_bus();
  });
}

/// Redis may be started or corrected meanwhile; /readyz says what is wrong with it. Nothing waits for
/// PostgreSQL, since the gateway can serve clients without it.
void GatewayService::wait_for_redis() {
  const auto serves = [this] { return redis_connected() && dependencies_.has_served("redis"); };
  if (wait_until(serves, Clock::now() + settings_.startup_timeout, true) || signalled_) return;
  const auto trouble = dependencies_.trouble("redis");
  throw std::runtime_error("Redis at " + settings_.redis.host + ":" + std::to_string(settings_.redis.port) +
                           " cannot be used: " +
                           (trouble ? trouble->sentence() + " (" + trouble->cause + ")"
                                    : "it did not answer in time; see whether it is stopped or overloaded") +
                           ".");
}

void GatewayService::check_durability() {
  auto inspector =
      kafka::TopicInspector::make(settings_.kafka, settings_.kafka.topic, settings_.gateway_id + "-watch",
                                  kafka::TopicInspector::Use::writes);
  if (!inspector) throw std::runtime_error(inspector.error().message);
  auto policy = std::make_shared<std::promise<Result<redis::EvictionPolicy>>>();
  asio::post(bus_context_, [this, policy] {
    bus_->read_eviction_policy(
        [policy](Result<redis::EvictionPolicy> told) { policy->set_value(std::move(told)); });
  });
  const auto facts = (*inspector)->read_settings(durability_deadline);
  retention_.tell(facts);
  auto findings = kafka_findings(facts);
  durability_log_.tell("kafka", findings);
  const auto of_redis = redis_durability_findings(policy->get_future().get());
  durability_log_.tell("redis", of_redis);
  findings.insert(findings.end(), of_redis.begin(), of_redis.end());
  if (settings_.strict_durability && !findings.empty()) throw std::runtime_error(refusal_of(findings));
  watch_topic(*std::move(inspector));
}

std::vector<kafka::DurabilityFinding> GatewayService::kafka_findings(
    const kafka::DurabilityFacts& facts) const {
  return kafka::durability_findings(settings_.kafka.topic, facts, settings_.durability, "the gateway");
}

/// Settings, rights, replicas and disks can change while the gateway runs.
void GatewayService::watch_topic(std::unique_ptr<kafka::TopicInspector> inspector) {
  auto& writes = dependencies_.add("kafka");
  auto& journal = dependencies_.add("kafka", false);
  topic_watch_ = std::make_unique<kafka::TopicWatch>(
      std::move(inspector),
      [this, &writes, &journal,
       try_reading = make_read_trial(settings_, dependencies_)](const kafka::TopicLook& look) {
        if (!look.trouble) try_reading();
        if (look.trouble)
          writes.fail(*look.trouble);
        else
          writes.succeed();
        if (auto trouble = journal_->trouble())
          journal.fail(*std::move(trouble));
        else
          journal.succeed();
        if (look.facts.max_batch_bytes)
          journal_->set_topic_limit(static_cast<std::size_t>(*look.facts.max_batch_bytes));
        retention_.tell(look.facts);
        // A broker that cannot be asked says nothing about its settings.
        if (!look.trouble) durability_log_.tell("kafka", kafka_findings(look.facts));
      });
}

void GatewayService::open_listeners(std::uint16_t port) {
  for (const auto& worker : workers_) worker->listen(settings_.listen_address, port);
  log::info("listening", {{"address", settings_.listen_address}, {"port", port}});
}

bool GatewayService::wait_until(const std::function<bool()>& done, Clock::time_point deadline,
                                bool end_at_signal) {
  while (!done()) {
    if (Clock::now() >= deadline || (end_at_signal && signalled_)) return done();
    main_.run_for(poll_period);
  }
  return true;
}

bool GatewayService::redis_connected() const {
  for (const auto& worker : workers_)
    if (!worker->store_connected()) return false;
  return bus_connected_;
}

int GatewayService::drain() {
  phase_ = Phase::draining;
  if (topic_watch_) topic_watch_->ask_to_stop();
  const std::size_t lost =
      Drain(workers_, *journal_, {settings_.drain_delay, settings_.drain_span, settings_.drain_timeout})
          .run(main_);
  end_presence();
  log::info("stopped", {{"gateway", settings_.gateway_id}, {"undelivered", lost}});
  return lost == 0 ? 0 : 1;
}

/// Otherwise the other gateways would count this gateway's members until they notice that it is gone.
void GatewayService::end_presence() {
  auto is_done = std::make_shared<std::atomic<bool>>(false);
  asio::post(bus_context_, [this, is_done] {
    hub_.end_presence(std::shared_ptr<void>(nullptr, [is_done](void*) { *is_done = true; }));
  });
  wait_until([&] { return is_done->load(); }, Clock::now() + presence_deadline, false);
}

std::vector<admin::Command> GatewayService::commands() {
  return {{"/admin/shed", [this](std::string_view query) {
             if (phase_ == Phase::ready) return shedding_.answer(query);
             return admin::Answer{.status = boost::beast::http::status::conflict,
                                  .body = "the gateway is starting or draining\n"};
           }}};
}

admin::Readiness GatewayService::readiness() const {
  switch (phase_.load()) {
    case Phase::starting:
      return dependencies_.complete({false, "starting", {}});
    case Phase::draining:
      return {false, "draining", {}};
    case Phase::ready:
      break;
  }
  admin::Readiness readiness{true, "ready", {}};
  // Not a reason to leave the balancer: if Redis or Kafka is away, all gateways would leave it at once.
  if (!redis_connected()) readiness.degraded.emplace_back("redis");
  if (!journal_->healthy()) readiness.degraded.emplace_back("kafka");
  return dependencies_.complete(std::move(readiness));
}

}  // namespace chat::gateway
