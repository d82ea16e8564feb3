#include "common/kafka/topic_watch.hpp"

#include <chrono>
#include <utility>

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds answer_wait{3'000};
constexpr milliseconds period{10'000};
constexpr milliseconds period_in_trouble{1'000};

}  // namespace

TopicWatch::TopicWatch(std::unique_ptr<TopicInspector> inspector, OnLook on_look)
    : inspector_(std::move(inspector)),
      on_look_(std::move(on_look)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

TopicWatch::~TopicWatch() {
  ask_to_stop();
}

void TopicWatch::ask_to_stop() {
  thread_.request_stop();
  inspector_->give_up();
}

void TopicWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const TopicLook look = inspector_->look(answer_wait);
    if (stop.stop_requested()) return;
    on_look_(look);
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, look.trouble ? period_in_trouble : period, [] { return false; });
  }
}

}  // namespace chat::kafka
