// Hand-written fakes of the gateway's interfaces.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/chat/events.hpp"
#include "gateway/chat/rooms.hpp"
#include "gateway/history/history.hpp"
#include "gateway/journal/journal.hpp"
#include "gateway/native/native_encoder.hpp"

namespace chat::gateway::testing {

/// Keeps every request until the test answers it.
class FakeStore : public RoomStore {
 public:
  void accept(AcceptRequest request, std::function<void(AcceptReply)> handler) override {
    accepts.push_back({std::move(request), std::move(handler)});
  }
  void read(ReadRequest request, std::function<void(ReadReply)> handler) override {
    reads.push_back({std::move(request), std::move(handler)});
  }
  bool connected() const override { return is_connected; }

  template <class Request, class Reply>
  struct Pending {
    Request request;
    std::function<void(Reply)> handler;
  };
  bool is_connected = true;
  std::vector<Pending<AcceptRequest, AcceptReply>> accepts;
  std::vector<Pending<ReadRequest, ReadReply>> reads;
};

/// Keeps every question for stored messages until the test answers it; sessions ask nothing else.
class FakeHistory : public History {
 public:
  void read_after(ReadCause, std::string, Cursor, Cursor, Post, std::function<void(HistoryRows)>) override {}
  void read_before(ReadCause, std::string, Cursor, std::size_t, Post,
                   std::function<void(HistoryRows)>) override {}
  void find_stored(std::vector<MessageKey> asked, Post,
                   std::function<void(std::vector<std::size_t>)> handler) override {
    questions.push_back({std::move(asked), std::move(handler)});
  }
  void wait_until_stored(std::string, Post, std::function<void(bool)>) override {}

  struct Question {
    std::vector<MessageKey> request;
    std::function<void(std::vector<std::size_t>)> handler;
  };
  std::vector<Question> questions;
};

class FakeJournal : public Journal {
 public:
  bool reserve(std::size_t bytes) override {
    if (is_full) return false;
    reserved += bytes;
    return true;
  }
  void release(std::size_t bytes) override { reserved -= bytes; }
  void append(JournalEntry entry) override { entries.push_back(std::move(entry)); }
  std::size_t record_limit_bytes() const override { return record_limit; }
  bool healthy() const override { return true; }
  std::size_t depth() const override { return entries.size(); }

  std::size_t record_limit = std::numeric_limits<std::size_t>::max();
  bool is_full = false;
  std::size_t reserved = 0;
  std::vector<JournalEntry> entries;
};

/// Remembers every event in its native encoding; room messages as their frames' bytes.
class FakeOutlet : public Outlet {
 public:
  void deliver(const RoomMessage& message) override { cursors.push_back(message.cursor); }
  std::size_t page_bytes() const override { return room_for_page; }
  void welcome(const WelcomeEvent& event) override { frames.push_back(native::encode(event)); }
  void joined(const JoinedEvent& event) override { frames.push_back(native::encode(event)); }
  void history(const HistoryEvent& event) override { frames.push_back(native::encode(event)); }
  void left(const LeftEvent& event) override { frames.push_back(native::encode(event)); }
  void ack(const AckEvent& event) override { frames.push_back(native::encode(event)); }
  void stored(const StoredEvent& event) override { frames.push_back(native::encode(event)); }
  void typing(const Delivery<TypingEvent>& delivery, bool is_watching) override {
    frames.push_back(text_of(delivery));
    watches_while_told.push_back(is_watching);
  }
  bool presence(const Delivery<PresenceEvent>& delivery) override {
    if (keeps_up) frames.push_back(text_of(delivery));
    return keeps_up;
  }
  void typing_taken(const TypingTakenEvent& event) override { taken_typings.push_back(event.room); }
  void pong(const PongEvent& event) override { frames.push_back(native::encode(event)); }
  void reconnect(const ReconnectEvent& event) override { frames.push_back(native::encode(event)); }
  bool obeys_reconnect() const override { return obeys; }
  void error(const Rejection& rejection) override { frames.push_back(native::encode(rejection)); }
  void resume() override { ++resumes; }
  void close() override { ++closes; }

  /// The frames since the last call.
  std::vector<std::string> take() { return std::exchange(frames, {}); }

  template <class Event>
  static std::string text_of(const Delivery<Event>& delivery) {
    const auto frame = delivery.frame(Delivery<Event>::Protocol::native,
                                      [](const Event& event) { return native::encode(event); });
    return std::string(ws::payload_of(frame->view()));
  }

  bool keeps_up = true;
  bool obeys = true;
  int closes = 0;
  std::vector<bool> watches_while_told;
  std::vector<Cursor> cursors;
  std::vector<std::string> frames;
  std::vector<std::string> taken_typings;
  int resumes = 0;
  std::size_t room_for_page = 1024 * 1024;
};

class FakeHub : public HubPort {
 public:
  void want(const std::string& room, std::uint64_t token) override { wanted.push_back({room, token}); }
  void unwant(const std::string& room) override { unwanted.push_back(room); }
  void tell_typing(const std::string& room, std::uint64_t session, const std::string& user) override {
    typing.push_back({room, session, user});
  }
  void watch(const std::string& room, bool is_watched) override { watches.push_back({room, is_watched}); }
  void attend(const std::string& room, Attendance attendance) override {
    attendances.push_back({room, std::move(attendance)});
  }

  struct Typing {
    std::string room;
    std::uint64_t session;
    std::string user;
  };
  std::vector<std::pair<std::string, std::uint64_t>> wanted;
  std::vector<std::string> unwanted;
  std::vector<Typing> typing;
  std::vector<std::pair<std::string, bool>> watches;
  std::vector<std::pair<std::string, Attendance>> attendances;
};

inline RoomMessage room_message(std::int64_t epoch, std::int64_t seq) {
  return {{epoch, seq}, ws::make_frame(ws::Opcode::text, "m" + std::to_string(seq))};
}

/// What the persister publishes when the numbers `first` to `last` are stored and no watermark is known.
inline StoredNumbers stored_numbers(std::int64_t epoch, std::int64_t first, std::int64_t last) {
  return {{0, 0}, {{epoch, first, last}}};
}

inline StoredNumbers stored_up_to(Cursor watermark) {
  return {watermark, {}};
}

inline ReadReply page_up_to(Cursor newest) {
  ReadReply reply;
  reply.available = true;
  reply.newest = newest;
  reply.complete = true;
  return reply;
}

}  // namespace chat::gateway::testing
