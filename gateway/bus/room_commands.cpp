#include "gateway/bus/room_commands.hpp"

#define XXH_INLINE_ALL
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <xxhash.h>

#include "common/log/log.hpp"
#include "common/redis/trouble.hpp"
#include "gateway/bus/page_limits.hpp"
#include "gateway/bus/publication.hpp"
#include "gateway/bus/scripts.hpp"

namespace chat::gateway {
namespace {

using redis::Reply;

constexpr std::size_t accept_index = 0;
constexpr std::size_t read_index = 1;
constexpr std::size_t epochs_index = 2;
constexpr std::chrono::seconds report_period{10};

/// An integer as text, without memory of the heap.
class Digits {
 public:
  explicit Digits(std::int64_t value)
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr) {}
  operator std::string_view() const { return {text_.data(), end_}; }

 private:
  std::array<char, 24> text_;
  const char* end_;
};

AcceptReply parse_accept(const Reply& reply) {
  AcceptReply answer;
  if (reply.size() != 4) return answer;
  switch (reply.at(0).integer()) {
    case 0:
      answer.status = AcceptReply::Status::accepted;
      break;
    case 1:
      answer.status = AcceptReply::Status::duplicate;
      break;
    case 3:
      answer.status = AcceptReply::Status::unproven;
      break;
    default:
      answer.status = AcceptReply::Status::conflict;
  }
  answer.cursor = {reply.at(1).integer(), reply.at(2).integer()};
  answer.entry = reply.at(3).text();
  return answer;
}

ReadReply parse_read(const Reply& reply) {
  constexpr std::size_t first_entry = 7;
  ReadReply answer;
  if (reply.size() < first_entry) return answer;
  answer.available = true;
  answer.newest = {reply.at(0).integer(), reply.at(1).integer()};
  answer.stored = parse_cursor(reply.at(2).text()).value_or(Cursor{});
  answer.more = reply.at(3).integer() == 1;
  answer.complete = reply.at(4).integer() == 1;
  answer.same_run = reply.at(5).integer() == 1;
  if (reply.at(6).integer() == 1) answer.begun = answer.newest;
  answer.entries.reserve((reply.size() - first_entry) / 2);
  for (std::size_t i = first_entry; i + 1 < reply.size(); i += 2)
    answer.entries.push_back(
        {parse_cursor(reply.at(i).text()).value_or(Cursor{}), std::string(reply.at(i + 1).text())});
  return answer;
}

EpochReply parse_epochs(const Reply& reply) {
  EpochReply answer;
  if (reply.size() != 3) return answer;
  answer.available = true;
  answer.is_proven = reply.at(0).integer() == 1;
  answer.highest = reply.at(1).integer();
  answer.clock_ms = reply.at(2).integer();
  return answer;
}

template <class Handler>
Handler pop(std::deque<Handler>& handlers) {
  Handler handler = std::move(handlers.front());
  handlers.pop_front();
  return handler;
}

}  // namespace

std::vector<std::string_view> room_scripts() {
  return {accept_script, read_script, epochs_script};
}

RoomCommands::RoomCommands(redis::CommandConnection& connection, const std::string& prefix,
                           std::int64_t stream_hard_cap, const Clock& clock)
    : connection_(connection),
      names_(prefix),
      stream_hard_cap_(std::to_string(stream_hard_cap)),
      clock_(clock),
      refusal_reports_(report_period) {}

void RoomCommands::accept(AcceptRequest asked, AcceptHandler handler, Unproven unproven) {
  accepts_.push_back({std::move(asked), std::move(handler), unproven});
  const AcceptRequest& request = accepts_.back().request;
  const RoomNames::Names& names = names_.of(request.room);
  const MessageParts parts = make_message_parts(request);
  const Digits floor(request.floor);
  XXH128_canonical_t hash;
  XXH128_canonicalFromHash(&hash, XXH3_128bits(request.text.data(), request.text.size()));
  const std::string_view text_hash(reinterpret_cast<const char*>(hash.digest), sizeof hash.digest);
  connection_.send({"EVALSHA", connection_.sha(accept_index), "5", names.meta, names.log, names.ids,
                    names.active, names.epochs, request.id.binary(), text_hash, parts.head, parts.tail,
                    connection_.run_id(), floor, names.channel, stream_hard_cap_, request.room},
                   [this](const Reply& reply) { on_accept_reply(reply); });
}

void RoomCommands::read(const ReadRequest& request, std::function<void(ReadReply)> handler) {
  reads_.push_back(std::move(handler));
  const RoomNames::Names& names = names_.of(request.room);
  const Digits history(static_cast<std::int64_t>(request.history));
  const Digits entries(max_page_entries);
  const Digits bytes(max_page_bytes);
  // Redis takes no exclusive end at its lowest id.
  const auto position =
      request.before ? std::optional(std::max(*request.before, Cursor{0, 1})) : request.since;
  const Digits epoch(position.value_or(Cursor{}).epoch);
  const Digits seq(position.value_or(Cursor{}).seq);
  const std::array<std::string_view, 14> words{"EVALSHA",    connection_.sha(read_index),
                                               "4",          names.meta,
                                               names.log,    names.stored,
                                               names.epochs, connection_.run_id(),
                                               history,      entries,
                                               bytes,        epoch,
                                               seq,          "before"};
  const std::size_t count = words.size() - (request.before ? 0 : request.since ? 1 : 3);
  connection_.send(std::span(words.data(), count), [this](const Reply& reply) { on_read_reply(reply); });
}

void RoomCommands::tell_epoch(const EpochClaim& claim, std::function<void(EpochReply)> handler) {
  epochs_.push_back(std::move(handler));
  const std::string_view meta = claim.room ? names_.of(*claim.room).meta : std::string_view();
  const Digits floor(claim.floor);
  const std::string_view wish = claim.proves ? "prove" : "";
  const auto on_reply = [this](const Reply& reply) { on_epoch_reply(reply); };
  const std::string& sha = connection_.sha(epochs_index);
  if (claim.room)
    connection_.send({"EVALSHA", sha, "2", names_.epochs(), meta, connection_.run_id(), floor, wish},
                     on_reply);
  else
    connection_.send({"EVALSHA", sha, "1", names_.epochs(), connection_.run_id(), floor, wish}, on_reply);
}

void RoomCommands::on_accept_reply(const Reply& reply) {
  Accept accept = pop(accepts_);
  report_refusal(reply);
  AcceptReply answer = parse_accept(reply);
  const bool is_taken_back = take_back_ && accept.unproven == Unproven::taken_back;
  if (answer.status == AcceptReply::Status::unproven && is_taken_back)
    return take_back_(std::move(accept.request), std::move(accept.handler));
  accept.handler(std::move(answer));
}

void RoomCommands::on_epoch_reply(const Reply& reply) {
  const auto handler = pop(epochs_);
  report_refusal(reply);
  handler(parse_epochs(reply));
}

void RoomCommands::on_read_reply(const Reply& reply) {
  const auto handler = pop(reads_);
  report_refusal(reply);
  ReadReply answer = parse_read(reply);
  answer.run = connection_.run_id();
  handler(std::move(answer));
}

/// A Redis that is out of memory refuses every message, so the log gets one line now and then. It gets only
/// the error's code: the text may repeat a script's words.
void RoomCommands::report_refusal(const Reply& reply) {
  if (!reply.is_error()) return refusal_.reset();
  refusal_ = redis::trouble_of(reply.text());
  if (!refusal_reports_.allows(clock_.now())) return;
  log::warning("Redis refused a script; clients are answered unavailable",
               {{"code", reply.error_code()}, {"cause", refusal_->cause}, {"remedy", refusal_->remedy}});
}

}  // namespace chat::gateway
