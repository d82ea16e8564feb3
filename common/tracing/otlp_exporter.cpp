#include "common/tracing/otlp_exporter.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "common/log/log.hpp"

namespace chat::tracing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using std::chrono::milliseconds;

constexpr std::chrono::minutes report_period{1};
constexpr milliseconds last_send{2'000};
constexpr std::size_t max_answer_bytes = 64 * 1024;

/// OTLP/HTTP, failures: these may pass, so that the same request is sent again.
bool may_pass(http::status status) {
  return status == http::status::too_many_requests || status == http::status::bad_gateway ||
         status == http::status::service_unavailable || status == http::status::gateway_timeout;
}

}  // namespace

/// A kept HTTP connection; blocks its one thread, each request for at most the limit.
class OtlpExporter::Connection {
 public:
  explicit Connection(const Endpoint& endpoint) : endpoint_(endpoint) {}

  /// The answer's status, or why there is none.
  Result<http::status> post(const std::string& body, milliseconds limit) {
    const bool was_open = stream_.has_value();
    auto answer = try_to_post(body, limit);
    // A kept connection may have ended meanwhile.
    if (!answer && was_open) answer = try_to_post(body, limit);
    return answer;
  }

 private:
  Result<http::status> try_to_post(const std::string& body, milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    boost::system::error_code error = stream_ ? boost::system::error_code{} : connect(deadline);
    http::response_parser<http::string_body> answer;
    answer.body_limit(max_answer_bytes);
    if (!error) error = exchange(body, deadline, answer);
    if (error || !answer.keep_alive()) stream_.reset();
    if (error) return Error{error.message()};
    return answer.get().result();
  }

  boost::system::error_code connect(std::chrono::steady_clock::time_point deadline) {
    // A name's resolution cannot be cut short: its handler may come long after this call.
    struct State {
      boost::system::error_code error = asio::error::timed_out;
      bool is_over = false;
    };
    const auto state = std::make_shared<State>();
    asio::ip::tcp::resolver resolver(context_);
    stream_.emplace(context_);
    stream_->expires_at(deadline);
    resolver.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                           [this, state](boost::system::error_code failed, const auto& found) {
                             if (state->is_over) return;
                             state->error = failed;
                             if (failed) return;
                             state->error = asio::error::timed_out;
                             stream_->async_connect(found, [state](boost::system::error_code done,
                                                                   const auto&) { state->error = done; });
                           });
    run(deadline);
    state->is_over = true;
    return state->error;
  }

  boost::system::error_code exchange(const std::string& body, std::chrono::steady_clock::time_point deadline,
                                     http::response_parser<http::string_body>& answer) {
    boost::system::error_code error = asio::error::timed_out;
    http::request<http::string_body> request(http::verb::post, endpoint_.path, 11, body);
    request.set(http::field::host, endpoint_.host + ":" + std::to_string(endpoint_.port));
    request.set(http::field::content_type, "application/json");
    request.set(http::field::user_agent, "chat");
    request.prepare_payload();
    beast::flat_buffer buffer(max_answer_bytes);
    stream_->expires_at(deadline);
    http::async_write(*stream_, request, [&](boost::system::error_code failed, std::size_t) {
      error = failed;
      if (failed) return;
      http::async_read(*stream_, buffer, answer,
                       [&](boost::system::error_code done, std::size_t) { error = done; });
    });
    run(deadline);
    return error;
  }

  /// Until nothing is left to do; the handlers refer to the caller's frame.
  void run(std::chrono::steady_clock::time_point deadline) {
    context_.restart();
    context_.run_until(deadline + milliseconds{100});
    if (context_.stopped()) return;
    stream_->socket().close();
    context_.run_for(milliseconds{1'000});
  }

  const Endpoint endpoint_;
  asio::io_context context_{1};
  std::optional<beast::tcp_stream> stream_;
};

OtlpExporter::OtlpExporter(const TraceSettings& settings, Resource resource, Metrics& metrics,
                           ExporterLimits limits)
    : Tracer(Sampler(settings.ratio_number())),
      endpoint_(parse_endpoint(settings.endpoint).value()),
      resource_(std::move(resource)),
      limits_(limits),
      figures_(metrics),
      connection_(std::make_unique<Connection>(endpoint_)),
      backoff_(limits.first_retry, limits.max_retry),
      reports_(report_period),
      thread_([this] { run(); }) {
  log::info("messages are traced", {{"endpoint", settings.endpoint}});
}

OtlpExporter::~OtlpExporter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void OtlpExporter::record(Span span) {
  std::size_t waiting = 0;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < limits_.max_spans) {
      waiting_.push_back(std::move(span));
      waiting = waiting_.size();
    }
  }
  if (waiting == 0)
    figures_.dropped.Increment();
  else if (waiting == limits_.max_batch)
    changed_.notify_one();
}

void OtlpExporter::run() {
  while (wait_for_batch()) send_batch();
  const auto deadline = std::chrono::steady_clock::now() + last_send;
  while (!batch_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= milliseconds{0} || send(left) != Outcome::taken) break;
    figures_.exported.Increment(static_cast<double>(batch_.size()));
    batch_.clear();
    wait_for_batch();
  }
  const std::lock_guard lock(mutex_);
  if (const auto lost = batch_.size() + waiting_.size(); lost > 0) drop(lost, reason_);
}

/// Takes some of what waits after a period, or sooner a full batch. False when it is to stop.
bool OtlpExporter::wait_for_batch() {
  std::unique_lock lock(mutex_);
  if (batch_.empty()) {
    changed_.wait_for(lock, limits_.period,
                      [this] { return is_stopping_ || waiting_.size() >= limits_.max_batch; });
    const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), limits_.max_batch));
    batch_.assign(std::make_move_iterator(waiting_.begin()),
                  std::make_move_iterator(waiting_.begin() + count));
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  }
  return !is_stopping_;
}

void OtlpExporter::send_batch() {
  if (batch_.empty()) return;
  switch (send(limits_.answer)) {
    case Outcome::taken:
      figures_.exported.Increment(static_cast<double>(batch_.size()));
      backoff_.reset();
      batch_.clear();
      return;
    case Outcome::refused:
      drop(batch_.size(), reason_);
      batch_.clear();
      return;
    case Outcome::failed:
      break;
  }
  const auto wait = backoff_.next();
  if (reports_.allows(std::chrono::steady_clock::now()))
    log::warning("the collector does not take traces; what exceeds the queue is dropped",
                 {{"endpoint", endpoint_.host + ":" + std::to_string(endpoint_.port)},
                  {"reason", reason_},
                  {"retry_ms", wait.count()}});
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return is_stopping_; });
}

OtlpExporter::Outcome OtlpExporter::send(milliseconds limit) {
  const auto answer = connection_->post(to_otlp_json(resource_, batch_), limit);
  if (!answer) {
    reason_ = answer.error().message;
    return Outcome::failed;
  }
  if (http::to_status_class(*answer) == http::status_class::successful) return Outcome::taken;
  reason_ = "it answers " + std::to_string(static_cast<unsigned>(*answer));
  return may_pass(*answer) ? Outcome::failed : Outcome::refused;
}

void OtlpExporter::drop(std::size_t spans, const std::string& reason) {
  figures_.dropped.Increment(static_cast<double>(spans));
  if (reports_.allows(std::chrono::steady_clock::now()))
    log::warning("traces were dropped", {{"spans", spans}, {"reason", reason}});
}

std::unique_ptr<Tracer> make_tracer(const TraceSettings& settings, const std::string& instance,
                                    Metrics& metrics) {
  if (!settings.is_on()) return nullptr;
  return std::make_unique<OtlpExporter>(settings, Resource{settings.service, instance, settings.version},
                                        metrics);
}

}  // namespace chat::tracing
