#include "common/postgres/watchdog.hpp"

#include <sys/socket.h>

namespace chat::postgres {

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watchdog::watch(int socket, std::chrono::milliseconds limit) {
  {
    const std::lock_guard lock(mutex_);
    socket_ = limit.count() > 0 ? socket : -1;
    limit_ = limit;
    deadline_ = Clock::now() + limit;
    fired_ = false;
  }
  changed_.notify_one();
}

void Watchdog::progress() {
  // The thread is not woken: it finds the later deadline when the earlier one has come.
  const std::lock_guard lock(mutex_);
  deadline_ = Clock::now() + limit_;
}

bool Watchdog::release() {
  const std::lock_guard lock(mutex_);
  socket_ = -1;
  return fired_;
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (socket_ < 0) {
      changed_.wait(lock);
    } else if (Clock::now() < deadline_) {
      changed_.wait_until(lock, deadline_);
    } else {
      ::shutdown(socket_, SHUT_RDWR);
      socket_ = -1;
      fired_ = true;
    }
  }
}

}  // namespace chat::postgres
