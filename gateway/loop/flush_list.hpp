// The sessions of one worker whose outbox has something to send.
#pragma once

#include <boost/intrusive/list.hpp>

namespace chat::gateway::loop {

/// Something that is flushed at the end of a loop turn; leaves the list by itself when it is destroyed.
class Flushable
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~Flushable() = default;
  virtual void flush() = 0;
};

/// Used on one worker's thread.
class FlushList {
 public:
  void add(Flushable& item) {
    if (!item.is_linked()) items_.push_back(item);
  }

  bool empty() const { return items_.empty(); }

  /// Flushes what is in the list now; what is added meanwhile waits for the next turn.
  void flush_all() {
    List now;
    now.swap(items_);
    while (!now.empty()) {
      Flushable& item = now.front();
      now.pop_front();
      item.flush();
    }
  }

 private:
  using List = boost::intrusive::list<Flushable, boost::intrusive::constant_time_size<false>>;
  List items_;
};

}  // namespace chat::gateway::loop
