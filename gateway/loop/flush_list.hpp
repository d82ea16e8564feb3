// The connections of one worker that have something to send.
#pragma once

#include <boost/intrusive/list.hpp>

namespace chat::gateway::loop {

/// An object that is flushed at the end of a loop turn. Leaves the list when it is destroyed.
class Flushable
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~Flushable() = default;
  virtual void flush() = 0;
};

/// On one worker's thread.
class FlushList {
 public:
  void add(Flushable& item) {
    if (!item.is_linked()) items_.push_back(item);
  }

  bool empty() const { return items_.empty(); }

  /// Flushes the present items. Items that are added meanwhile wait for the next turn.
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
