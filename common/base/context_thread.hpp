// A thread that runs one io_context.
#pragma once

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace chat {

/// Runs from construction to destruction, also while there is no work. Make the objects that live on the
/// context before this one, or post their construction: they then outlive the thread and are destroyed while
/// nothing runs.
class ContextThread {
 public:
  explicit ContextThread(boost::asio::io_context& context)
      : context_(context), work_(context.get_executor()), thread_([&context] { context.run(); }) {}

  ~ContextThread() {
    context_.stop();
    thread_.join();
  }
  ContextThread(const ContextThread&) = delete;
  ContextThread& operator=(const ContextThread&) = delete;

 private:
  boost::asio::io_context& context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace chat
