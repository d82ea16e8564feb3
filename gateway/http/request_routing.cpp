#include "gateway/http/request_routing.hpp"

#include <exception>
#include <typeinfo>
#include <utility>

#include <boost/core/demangle.hpp>

#include "common/http/list_headers.hpp"
#include "common/log/log.hpp"
#include "gateway/http/answers.hpp"
#include "gateway/http/query.hpp"
#include "gateway/http/subprotocols.hpp"

namespace chat::gateway::http {
namespace {

using boost::beast::http::field;

Method method_of(const Request& request) {
  if (request.method() == boost::beast::http::verb::get) return Method::get;
  if (request.method() == boost::beast::http::verb::head) return Method::head;
  return Method::other;
}

/// RFC 6455 section 4.2.1, items 1, 3 and 4.
bool wants_upgrade(const Request& request) {
  return request.version() >= 11 && request.method() == boost::beast::http::verb::get &&
         has_element(view(request[field::connection]), "upgrade") &&
         has_element(view(request[field::upgrade]), "websocket");
}

RequestFacts facts_of(const Parser& parser) {
  const Request& request = parser.get();
  RequestFacts facts;
  facts.method = method_of(request);
  facts.is_http_1_1 = request.version() >= 11;
  facts.has_host = request.count(field::host) == 1;
  facts.has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
  facts.wants_upgrade = wants_upgrade(request);
  facts.is_version_13 =
      request.count(field::sec_websocket_version) == 1 && request[field::sec_websocket_version] == "13";
  facts.has_valid_key =
      request.count(field::sec_websocket_key) == 1 && is_valid_key(view(request[field::sec_websocket_key]));
  return facts;
}

RequestHead head_of(const Request& request, const RequestFacts& facts) {
  RequestHead head;
  head.target = origin_form(view(request.target()));
  head.method = view(request.method_string());
  head.wants_upgrade = facts.wants_upgrade;
  head.host = view(request[field::host]);
  head.origin = view(request[field::origin]);
  head.content_type = view(request[field::content_type]);
  head.authorization = view(request[field::authorization]);
  head.subprotocols = view(request[field::sec_websocket_protocol]);
  head.wanted_headers = view(request[field::access_control_request_headers]);
  return head;
}

Routing answered(Answer answer) {
  Routing routing;
  routing.answer = std::move(answer);
  return routing;
}

}  // namespace

Routing route_request(const Parser& parser, const Router& router, bool is_stopped) {
  const Request& request = parser.get();
  if (!has_certain_framing(request.version(), request, parser.chunked())) return answered(bad_request());
  RequestFacts facts = facts_of(parser);
  if (facts.is_http_1_1 && !facts.has_host) return answered(no_host());
  try {
    Routing routing = router(head_of(request, facts));
    if (routing.answer) routing.answer->close = routing.answer->close || facts.has_body;
    if (routing.answer || routing.exchange || routing.worker) return routing;
    if (routing.handler && is_stopped) return answered(going_away());
    facts.is_known_path = routing.handler != nullptr;
    facts.has_valid_subprotocols =
        choose_subprotocol(view(request[field::sec_websocket_protocol]), {}).has_value();
    if (auto answer = answer_request(facts)) return answered(*std::move(answer));
    return routing;
  } catch (const std::exception& error) {
    log::error("routing a request failed", {{"exception", boost::core::demangle(typeid(error).name())}});
    return answered(internal_error());
  }
}

}  // namespace chat::gateway::http
