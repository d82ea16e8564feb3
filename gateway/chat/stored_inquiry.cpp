#include "gateway/chat/stored_inquiry.hpp"

#include <utility>

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds period{5};
constexpr std::chrono::seconds patience{5};
constexpr std::size_t max_asked = 1000;

}  // namespace

void StoredInquiry::tick(std::chrono::steady_clock::time_point now) {
  if (is_asking_ || services_.history == nullptr) return;
  if (now < next_ && !was_resubscribed_) return;
  auto asked = collect(std::exchange(was_resubscribed_, false) ? now : now - patience);
  if (asked.empty()) return;
  // If there are more, the next tick asks about them.
  next_ = asked.size() < max_asked ? now + period : now;
  std::vector<MessageKey> keys;
  keys.reserve(asked.size());
  for (const Asked& one : asked) keys.push_back({one.waiting.room, one.waiting.id, one.waiting.number});
  is_asking_ = true;
  services_.history->find_stored(std::move(keys), services_.post,
                                 [this, asked = std::move(asked)](const std::vector<std::size_t>& found) {
                                   is_asking_ = false;
                                   tell(asked, found);
                                 });
}

std::vector<StoredInquiry::Asked> StoredInquiry::collect(std::chrono::steady_clock::time_point until) {
  std::vector<Asked> asked;
  if (services_.stored_waiting == 0) return asked;
  auto& sessions = services_.sessions;
  auto next = sessions.begin();
  for (; next != sessions.end() && asked.size() < max_asked; ++next) {
    auto& session = static_cast<Session&>(*next);
    std::vector<WaitingNumber> waiting;
    session.receipts().add_unstored(until, max_asked - asked.size(), waiting);
    for (WaitingNumber& one : waiting) asked.push_back({session.weak_from_this(), std::move(one)});
  }
  // Next time these sessions come last.
  sessions.splice(sessions.end(), sessions, sessions.begin(), next);
  return asked;
}

void StoredInquiry::tell(const std::vector<Asked>& asked, const std::vector<std::size_t>& found) {
  for (std::size_t i = 0; i < found.size();) {
    const auto session = asked[found[i]].session.lock();
    const std::string& room = asked[found[i]].waiting.room;
    StoredNumbers stored;
    // All numbers of one session and room together, which makes one receipt.
    for (; i < found.size(); ++i) {
      const Asked& one = asked[found[i]];
      if (one.waiting.room != room || one.session.lock() != session) break;
      const Cursor number = one.waiting.number;
      stored.ranges.push_back({number.epoch, number.seq, number.seq});
    }
    if (session) session->on_stored(room, stored);
  }
}

}  // namespace chat::gateway
