// A worker's loop on a thread of its own, as the gateway turns it.
#pragma once

#include <future>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "gateway/loop/flush_list.hpp"

namespace chat::test {

class WorkerLoop {
 public:
  WorkerLoop() : thread_([this] { turn(); }) {}

  /// Runs `call` on the loop's thread and gives what it returns.
  template <class Call>
  auto run(Call call) {
    std::packaged_task<decltype(call())()> task(std::move(call));
    auto result = task.get_future();
    boost::asio::post(context, [&task] { task(); });
    return result.get();
  }

  ~WorkerLoop() {
    run([this] { is_stopped_ = true; });
    thread_.join();
  }

  boost::asio::io_context context{1};
  gateway::loop::FlushList flush_list;

 private:
  void turn() {
    constexpr int max_handlers_per_turn = 64;
    while (!is_stopped_) {
      context.run_one();
      for (int handlers = 1; handlers < max_handlers_per_turn && context.poll_one() > 0; ++handlers) {
      }
      flush_list.flush_all();
    }
  }

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context.get_executor()};
  bool is_stopped_ = false;
  std::thread thread_;
};

}  // namespace chat::test
