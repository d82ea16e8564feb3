// Coroutines that wait for callbacks. They need neither an executor nor a socket.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/intrusive/list.hpp>

namespace chat {

/// The return type of a coroutine that a TaskScope runs. Parameters are taken by value; a member function
/// needs the scope to be a member of its object. The task resumes on the thread that answers, which is the
/// scope's.
class [[nodiscard]] Task {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

 private:
  friend class TaskScope;
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;  // null once a scope has it
};

/// In its scope's list while the scope lives.
struct Task::promise_type
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() noexcept { return {}; }
  std::suspend_never final_suspend() noexcept { return {}; }
  void return_void() {}
  /// To the caller of the callback that the task waited for.
  void unhandled_exception() {
    is_running = false;
    throw;
  }

  void resume() {
    is_running = true;
    Handle::from_promise(*this).resume();
  }

  bool is_running = false;
};

/// Owns tasks: those that wait when it ends are destroyed, and answers to them are dropped. A task may end
/// its own scope; it then runs on to its next wait or its end, and must not use what ended with the scope. On
/// one thread.
class TaskScope {
 public:
  TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope() {
    while (!tasks_.empty()) {
      Task::promise_type& task = tasks_.front();
      tasks_.pop_front();
      if (!task.is_running) Task::Handle::from_promise(task).destroy();
    }
  }

  /// Runs the task to its first wait.
  void start(Task task) {
    Task::promise_type& started = std::exchange(task.handle_, {}).promise();
    tasks_.push_back(started);
    started.resume();
  }

 private:
  boost::intrusive::list<Task::promise_type, boost::intrusive::constant_time_size<false>> tasks_;
};

/// What ask() gives.
template <class Result, class Call>
class Question {
 public:
  explicit Question(Call call) : call_(std::move(call)) {}
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() { answer_->is_awaited = false; }

  bool await_ready() const noexcept { return false; }

  bool await_suspend(Task::Handle task) {
    const auto answer = answer_;
    call_([answer](Result result) { give(*answer, std::move(result)); });
    if (!task.promise().is_linked()) {
      task.destroy();
      return true;
    }
    if (answer->result) return false;
    task.promise().is_running = false;
    answer->task = task;
    return true;
  }

  Result await_resume() { return *std::move(answer_->result); }

 private:
  /// Outlives the task with the callback.
  struct Answer {
    std::optional<Result> result;
    Task::Handle task;  // once it is suspended
    bool is_awaited = true;
  };

  static void give(Answer& answer, Result result) {
    if (!answer.is_awaited || answer.result) return;
    answer.result = std::move(result);
    if (answer.task) answer.task.promise().resume();
  }

  Call call_;
  const std::shared_ptr<Answer> answer_ = std::make_shared<Answer>();
};

/// `co_await ask<Result>(call)` calls `call` with a copyable callback and gives the Result that the callback
/// is called with, within `call` or later. Further calls of the callback are dropped.
template <class Result, class Call>
auto ask(Call call) {
  return Question<Result, Call>(std::move(call));
}

}  // namespace chat
