#include "persister/app/persister_service.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/base/backoff.hpp"
#include "common/base/clock.hpp"
#include "common/base/context_thread.hpp"
#include "common/base/shutdown.hpp"
#include "common/kafka/group_inspector.hpp"
#include "common/kafka/topic.hpp"
#include "common/kafka/topic_retention.hpp"
#include "common/log/log.hpp"
#include "common/tracing/otlp_exporter.hpp"
#include "common/wire/uuid.hpp"
#include "persister/app/all_metrics.hpp"
#include "persister/receipts/redis_receipts.hpp"
#include "persister/source/kafka_dead_letter_queue.hpp"
#include "persister/source/kafka_position_audit.hpp"
#include "persister/store/prepare_database.hpp"

namespace chat::persister {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr milliseconds receipt_limit{2'000};
constexpr milliseconds kafka_answer_wait{3'000};

std::string make_client_id(const std::string& persister_id) {
  return persister_id.empty() ? "persister-" + to_string(random_uuid()).substr(0, 8) : persister_id;
}

/// Runs the handlers of signals on a thread of its own while the main thread works.
class SignalThread {
 public:
  explicit SignalThread(std::function<void()> on_first)
      : signals_(
            context_, [on_first = std::move(on_first)](int) { on_first(); }, log::on_signal),
        thread_(context_) {}

 private:
  asio::io_context context_{1};
  ShutdownSignals signals_;
  ContextThread thread_;
};

/// False when asked to stop meanwhile.
bool wait_unless_stopped(const std::stop_token& stop, milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

PersisterService::PersisterService(PersisterSettings settings)
    : settings_(std::move(settings)),
      client_id_(make_client_id(settings_.persister_id)),
      durability_log_(metrics_, {kafka::durability_kinds.begin(), kafka::durability_kinds.end()}),
      persister_metrics_(metrics_),
      database_trial_(dependencies_.add("postgres")),
      dead_letter_alarm_(dependencies_.add("dead_letters", false)),
      database_(settings_.database, prepare_database),
      store_(database_, settings_.kafka.topic) {
  make_all_metrics(metrics_);
}

int PersisterService::run() {
  const SignalThread signals([this] { on_signal(); });
  admin_ = std::make_unique<admin::AdminServer>(
      settings_.admin.address, static_cast<std::uint16_t>(settings_.admin.port), metrics_,
      [this] { return dependencies_.complete(status_.readiness()); });
  log::info("admin port open", {{"address", settings_.admin.address}, {"port", admin_->port()}});
  if (wait_for_database()) {
    make_topics();
    consume();
  }
  watches_.clear();
  log::info("stopped");
  return 0;
}

/// Ends the process at once before the first record is read: nothing is to be finished, and the wait for
/// Kafka's answers cannot be cut short.
void PersisterService::on_signal() {
  log::info("asked to stop");
  if (!has_begun_) std::_Exit(EXIT_SUCCESS);
  stop_.request_stop();
}

/// Waits without end, so that the order of starts does not matter. Where an operator has to act, it goes on
/// after that. Meanwhile /readyz says what is missing.
bool PersisterService::wait_for_database() {
  Backoff backoff(milliseconds{500}, std::min(settings_.pause, milliseconds{10'000}));
  while (const auto failure = store_.rehearse()) {
    const bool passes =
        failure->response == postgres::Response::pause || failure->response == postgres::Response::retry;
    const auto wait = passes ? backoff.next() : settings_.pause;
    const Trouble trouble = postgres::trouble_of(*failure);
    const log::Fields fields = {{"cause", trouble.cause},
                                {"reason", trouble.reason},
                                {"remedy", trouble.remedy},
                                {"retry_ms", wait.count()}};
    if (passes) {
      log::warning("PostgreSQL cannot be used yet; waiting for it, or for DATABASE_URL to be corrected",
                   fields);
    } else {
      persister_metrics_.alarms.Increment();
      log::error("this database cannot hold the messages; waiting for an operator to correct it", fields);
    }
    database_trial_.fail(trouble);
    if (!wait_unless_stopped(stop_.get_token(), wait)) return false;
  }
  status_.database_ok = true;
  database_trial_.succeed();
  return true;
}

void PersisterService::make_topics() {
  auto& start = dependencies_.add("kafka");
  for (const auto& topic : {settings_.kafka.topic, settings_.kafka.dead_letter_topic()}) {
    const auto made = kafka::ensure_topic(settings_.kafka, topic, settings_.startup_timeout,
                                          [&start](const Trouble& trouble) { start.fail(trouble); });
    if (!made) throw std::runtime_error(made.error().message);
  }
  start.succeed();
}

void PersisterService::watch_topic(const std::string& topic, kafka::TopicInspector::Use use,
                                   std::function<std::optional<Trouble>()> look_further) {
  auto inspector = kafka::TopicInspector::make(settings_.kafka, topic, client_id_ + "-watch", use);
  if (!inspector) throw std::runtime_error(inspector.error().message);
  // Without a topic for dead letters the persister works until the first of them.
  auto& trial = dependencies_.add("kafka", use == kafka::TopicInspector::Use::reads);
  const auto retention = std::make_shared<kafka::TopicRetention>(metrics_, topic);
  const auto on_look = [this, &trial, topic, retention,
                        look_further = std::move(look_further)](const kafka::TopicLook& look) {
    auto trouble = look.trouble ? look.trouble : look_further();
    retention->tell(look.facts);
    if (!look.trouble)
      durability_log_.tell(
          topic, kafka::durability_findings(topic, look.facts, settings_.durability, "the persister"));
    if (trouble)
      trial.fail(*std::move(trouble));
    else
      trial.succeed();
  };
  watches_.push_back(std::make_unique<kafka::TopicWatch>(*std::move(inspector), on_look));
}

void PersisterService::watch_topics() {
  using Use = kafka::TopicInspector::Use;
  auto group = kafka::GroupInspector::make(settings_.kafka, settings_.kafka.topic, settings_.kafka.group,
                                           client_id_ + "-watch");
  if (!group) throw std::runtime_error(group.error().message);
  const std::shared_ptr<kafka::GroupInspector> inspector = *std::move(group);
  watch_topic(settings_.kafka.topic, Use::reads, [inspector] { return inspector->look(kafka_answer_wait); });
  watch_topic(settings_.kafka.dead_letter_topic(), Use::writes, [] { return std::nullopt; });
}

KafkaSourceOptions PersisterService::source_options() const {
  KafkaSourceOptions options;
  options.client_id = client_id_;
  options.group = settings_.kafka.group;
  options.reads_traces = settings_.tracing.is_on();
  options.instance_id = instance_id_for(settings_.persister_id, settings_.kafka.topic);
  return options;
}

HoleFinderOptions PersisterService::hole_finder_options() const {
  HoleFinderOptions options;
  options.period = settings_.hole_finder_period;
  options.topic = settings_.kafka.topic;
  return options;
}

/// Without positions: the hole finder reads them itself.
kafka::ProgressSources PersisterService::progress_sources() const {
  return kafka::make_progress_sources(kafka::EndOffsets::make(settings_.kafka, client_id_ + "-holes").value(),
                                      nullptr);
}

void PersisterService::consume() {
  has_begun_ = true;
  watch_topics();
  const auto tracer = tracing::make_tracer(settings_.tracing, client_id_, metrics_);
  KafkaDeadLetterQueue dead_letters(settings_.kafka, client_id_ + "-dead-letters", metrics_);
  RedisReceipts receipts(redis_context_, settings_.redis, metrics_,
                         {.stream_keep = settings_.stream_keep,
                          .trial = &dependencies_.add("redis", false),
                          .service = client_id_,
                          .pace = {},
                          .tracer = tracer.get()});
  KafkaPositionAudit audit(settings_.kafka, client_id_ + "-audit");
  Pipeline pipeline(
      settings_.pipeline(),
      {store_, dead_letters, receipts, owned_, database_trial_, dead_letter_alarm_, audit, tracer.get()},
      persister_metrics_, status_, Clock::real());
  KafkaSource source(settings_.kafka, source_options(), pipeline, metrics_);
  pipeline.use(source);
  receipts.start();
  // Everything that uses Redis is made and started above this line, so that it outlives the thread.
  const ContextThread redis_thread(redis_context_);
  std::optional<HoleFinder> holes;
  holes.emplace(settings_.redis, settings_.database, progress_sources(), owned_, receipts, metrics_,
                hole_finder_options());
  log::info("consuming", {{"persister", client_id_}, {"topic", settings_.kafka.topic}});
  while (!stop_.stop_requested()) {
    pipeline.turn();
    status_.brokers_ok = source.healthy();
    status_.redis_ok = receipts.connected();
  }
  holes->ask_to_stop();
  audit.ask_to_stop();
  pipeline.finish();
  holes.reset();
  if (!receipts.finish(receipt_limit))
    log::warning("stopped with receipts in hand; gateways with waiting senders ask PostgreSQL");
}

}  // namespace chat::persister
