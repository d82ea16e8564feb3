#include "gateway/engineio/endpoint.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include "common/wire/uuid.hpp"
#include "gateway/connection/close_codes.hpp"
#include "gateway/http/query.hpp"

namespace chat::gateway::engineio {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char id_separator = '~';
/// Sessions of one worker. A polling session takes no descriptor, so nothing else bounds them.
constexpr std::size_t max_sessions = 100'000;

constexpr std::string_view methods = "GET, POST";

/// Error bodies of the reference server (engine.io, Server.errorMessages).
http::Answer refusal(std::string_view body, std::string headers) {
  return {400, std::move(headers), std::string(body), false, "application/json"};
}
constexpr std::string_view transport_unknown = R"({"code":0,"message":"Transport unknown"})";
constexpr std::string_view session_unknown = R"({"code":1,"message":"Session ID unknown"})";
constexpr std::string_view bad_method = R"({"code":2,"message":"Bad handshake method"})";
constexpr std::string_view bad_request = R"({"code":3,"message":"Bad request"})";
constexpr std::string_view bad_version = R"({"code":5,"message":"Unsupported protocol version"})";

enum class Kind { poll, post };

/// A session's answer as an HTTP answer.
http::Answer answer_of(EngineAnswer answer, Kind kind, std::string headers) {
  if (answer.status != 200) return refusal(answer.body, std::move(headers));
  headers.append("Cache-Control: no-store\r\n");
  // The same types as the reference server's.
  const std::string_view type = kind == Kind::poll ? "text/plain; charset=UTF-8" : "text/html";
  return {200, std::move(headers), std::move(answer.body), false, type};
}

http::Routing answered(http::Answer answer) {
  http::Routing routing;
  routing.answer = std::move(answer);
  return routing;
}

template <class Made>
http::Routing exchanged(std::unique_ptr<Made> exchange) {
  http::Routing routing;
  routing.exchange = std::move(exchange);
  return routing;
}

}  // namespace

/// The handshake over polling.
class Endpoint::OpenExchange final : public http::Exchange {
 public:
  OpenExchange(Endpoint& endpoint, std::string headers) : endpoint_(endpoint), headers_(std::move(headers)) {}

  void on_request(std::string, Respond respond) override {
    const Session session = endpoint_.make_session();
    session->open_polling(
        [&](EngineAnswer answer) { respond(answer_of(std::move(answer), Kind::poll, headers_)); },
        Clock::now());
    endpoint_.sessions_.add(session);
  }

 private:
  Endpoint& endpoint_;
  const std::string headers_;
};

class Endpoint::PollExchange final : public http::Exchange {
 public:
  PollExchange(Endpoint& endpoint, Session session, std::string headers)
      : endpoint_(endpoint), session_(std::move(session)), headers_(std::move(headers)) {}

  void on_request(std::string, Respond respond) override {
    has_polled_ = true;
    session_->poll([respond = std::move(respond), headers = std::move(headers_)](
                       EngineAnswer answer) { respond(answer_of(std::move(answer), Kind::poll, headers)); },
                   Clock::now());
    endpoint_.sessions_.update(session_);
  }

  void on_gone() override {
    if (!has_polled_) return;
    session_->on_poll_gone();
    endpoint_.sessions_.update(session_);
  }

 private:
  Endpoint& endpoint_;
  const Session session_;
  std::string headers_;
  bool has_polled_ = false;
};

class Endpoint::PostExchange final : public http::Exchange {
 public:
  PostExchange(Endpoint& endpoint, Session session, std::string headers)
      : endpoint_(endpoint), session_(std::move(session)), headers_(std::move(headers)) {}

  std::size_t max_body_bytes() const override { return endpoint_.options_.engine.max_payload_bytes; }

  std::string refusal_headers() const override { return headers_; }

  void on_request(std::string body, Respond respond) override {
    session_->post(
        body,
        [respond = std::move(respond), headers = std::move(headers_)](EngineAnswer answer) {
          respond(answer_of(std::move(answer), Kind::post, headers));
        },
        Clock::now());
    endpoint_.sessions_.update(session_);
  }

  void on_gone() override { session_->abandon_post(); }

 private:
  Endpoint& endpoint_;
  const Session session_;
  std::string headers_;
};

/// A WebSocket of a session: its only transport, or the one to which it upgrades.
class Endpoint::Client final : public ws::Handler {
 public:
  enum class Role { opens, upgrades };

  Client(Endpoint& endpoint, Session session, Role role)
      : endpoint_(endpoint), session_(std::move(session)), role_(role) {}

  void on_open(ws::Connection& connection) override {
    connection_ = &connection;
    if (role_ == Role::opens) {
      session_->open_socket(connection, Clock::now());
      endpoint_.sessions_.add(session_);
    } else if (session_->begin_upgrade(connection, Clock::now())) {
      endpoint_.sessions_.update(session_);
    } else {
      connection.close(ws::close_code::done, {});
    }
  }
  void on_message(ws::Opcode opcode, std::string_view payload) override {
    session_->on_frame(*connection_, payload, opcode == ws::Opcode::binary, Clock::now());
    endpoint_.sessions_.update(session_);
  }
  std::size_t max_message_bytes() const override { return endpoint_.options_.engine.max_payload_bytes; }
  bool ready_for_message() const override { return session_->ready_for_message(*connection_); }
  void on_closed() override {
    session_->on_socket_closed(*connection_);
    endpoint_.sessions_.update(session_);
  }

 private:
  Endpoint& endpoint_;
  const Session session_;
  const Role role_;
  ws::Connection* connection_ = nullptr;
};

Endpoint::Endpoint(boost::asio::io_context& context, EndpointOptions options, MakeHandler make_handler)
    : context_(context),
      options_(std::move(options)),
      make_handler_(std::move(make_handler)),
      sessions_(context, options_.on_slow_consumer) {}

Endpoint::~Endpoint() {
  sessions_.end_all();
}

http::Routing Endpoint::route(const http::RequestHead& request) {
  if (request.method == "OPTIONS") return answered(http::preflight(options_.origins, request, methods));
  std::string headers = http::cors_headers(options_.origins, request);
  const std::string transport = http::query_parameter(request.target, "transport");
  const bool is_websocket = transport == "websocket";
  if (!is_websocket && transport != "polling")
    return answered(refusal(transport_unknown, std::move(headers)));
  const std::string sid = http::query_parameter(request.target, "sid");
  if (sid.empty()) return open(request, is_websocket, std::move(headers));
  return go_on(request, sid, is_websocket, std::move(headers));
}

void Endpoint::tick(std::chrono::steady_clock::time_point now) {
  sessions_.tick(now);
  if (ticks_to_end_ > 0 && --ticks_to_end_ == 0) sessions_.end_all();
}

void Endpoint::close_all() {
  is_stopped_ = true;
  sessions_.close_all();
  ticks_to_end_ = 2;
}

http::Routing Endpoint::open(const http::RequestHead& request, bool is_websocket, std::string headers) {
  if (request.method != "GET") return answered(refusal(bad_method, std::move(headers)));
  if (is_websocket && !request.wants_upgrade) return answered(refusal(bad_request, std::move(headers)));
  if (http::query_parameter(request.target, "EIO") != "4") {
    return answered(refusal(bad_version, std::move(headers)));
  }
  if (is_stopped_ || sessions_.size() >= max_sessions) {
    if (!is_stopped_ && options_.on_at_capacity) options_.on_at_capacity();
    http::Answer answer = is_stopped_ ? http::going_away() : http::at_capacity();
    answer.headers += headers;
    return answered(std::move(answer));
  }
  if (!is_websocket) return exchanged(std::make_unique<OpenExchange>(*this, std::move(headers)));
  http::Routing routing;
  routing.handler = std::make_unique<Client>(*this, make_session(), Client::Role::opens);
  return routing;
}

http::Routing Endpoint::go_on(const http::RequestHead& request, std::string_view sid, bool is_websocket,
                              std::string headers) {
  http::Routing routing;
  if (const std::size_t worker = worker_of(sid); worker != options_.worker) {
    routing.worker = worker;
    return routing;
  }
  const Session session = sessions_.find(sid);
  if (!session) return answered(refusal(session_unknown, std::move(headers)));
  if (is_websocket) {
    if (!request.wants_upgrade) return answered(refusal(bad_request, std::move(headers)));
    routing.handler = std::make_unique<Client>(*this, session, Client::Role::upgrades);
    return routing;
  }
  const bool is_get = request.method == "GET";
  if (!session->is_polling() || (!is_get && request.method != "POST")) {
    return answered(refusal(bad_request, std::move(headers)));
  }
  if (is_get) return exchanged(std::make_unique<PollExchange>(*this, session, std::move(headers)));
  // Engine.IO 4 sends binary data as base64 text.
  if (request.content_type == "application/octet-stream") session->fail();
  if (!session->begin_post()) {
    sessions_.update(session);
    return answered(refusal(bad_request, std::move(headers)));
  }
  return exchanged(std::make_unique<PostExchange>(*this, session, std::move(headers)));
}

/// The worker in a session id; this one for an id without a worker.
std::size_t Endpoint::worker_of(std::string_view sid) const {
  const std::size_t gateway_end = options_.gateway.size();
  if (!sid.starts_with(options_.gateway) || sid.size() <= gateway_end || sid[gateway_end] != id_separator) {
    return options_.worker;
  }
  const std::string_view rest = sid.substr(gateway_end + 1);
  std::size_t worker = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), worker);
  const bool is_number = error == std::errc{} && end != rest.data() + rest.size() && *end == id_separator;
  return is_number && worker < options_.workers ? worker : options_.worker;
}

Endpoint::Session Endpoint::make_session() {
  std::string sid = options_.gateway + id_separator + std::to_string(options_.worker) + id_separator +
                    to_string(random_uuid());
  return std::make_shared<EngineSession>(
      std::move(sid), options_.engine, make_handler_(),
      [&context = context_](std::function<void()> call) { boost::asio::post(context, std::move(call)); });
}

}  // namespace chat::gateway::engineio
