// Looks at a topic now and then, for as long as it lives.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/kafka/topic_inspector.hpp"

namespace chat::kafka {

/// The first look is at once; then every 10 s, after a look that showed trouble every second.
class TopicWatch {
 public:
  /// Called on the watch's own thread.
  using OnLook = std::function<void(const TopicLook&)>;

  TopicWatch(std::unique_ptr<TopicInspector> inspector, OnLook on_look);

  /// Waits for a look that is under way, for at most about 6 s.
  ~TopicWatch();

  /// So that the destructor need not wait. Any thread.
  void ask_to_stop();

 private:
  void run(const std::stop_token& stop);

  std::unique_ptr<TopicInspector> inspector_;
  const OnLook on_look_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace chat::kafka
