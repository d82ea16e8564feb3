#include "gateway/socketio/ack_objects.hpp"

#include <utility>

#include "gateway/socketio/message_event.hpp"

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

json messages_of(const ReadReply& page) {
  json messages = json::array();
  for (const RoomEntry& entry : page.entries) {
    const auto argument = message_argument(entry.message);
    json message = argument ? json::parse(*argument, nullptr, false) : json(json::value_t::discarded);
    if (!message.is_discarded()) messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace

json object_of(Cursor cursor) {
  return {{"epoch", cursor.epoch}, {"seq", cursor.seq}};
}

json object_of(const JoinedEvent& event) {
  const ReadReply& page = *event.page;
  json fields = object_of(page.newest);
  fields.update({{"room", event.room},
                 {"stored", object_of(page.stored)},
                 {"messages", messages_of(page)},
                 {"complete", page.complete}});
  if (page.more) fields["more"] = true;
  if (page.pruned_to) fields["pruned"] = true;
  return fields;
}

json object_of(const HistoryEvent& event) {
  json fields{{"room", event.room}, {"messages", messages_of(*event.page)}, {"more", event.page->more}};
  if (event.page->pruned_to) fields.update({{"complete", false}, {"pruned", true}});
  return fields;
}

json object_of(const LeftEvent& event) {
  return {{"room", event.room}};
}

json object_of(const TypingTakenEvent& event) {
  return {{"room", event.room}};
}

json object_of(const AckEvent& event) {
  json fields = object_of(event.cursor);
  fields.update({{"id", event.id}, {"room", event.room}, {"duplicate", event.duplicate}});
  return fields;
}

json object_of(const Rejection& rejection) {
  json fields{{"code", name(rejection.code)}, {"message", rejection.message}};
  if (const auto* id = rejection.id.text()) fields["id"] = *id;
  if (rejection.retry_after_ms) fields["retry_after_ms"] = *rejection.retry_after_ms;
  return fields;
}

}  // namespace chat::gateway::socketio
