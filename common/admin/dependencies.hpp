// The servers that a service depends on: whether the last try of each succeeded, and if not, why.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/admin/admin_server.hpp"
#include "common/base/trouble.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::admin {

class Dependencies;

/// One thing that is tried of a dependency, by one user of it (its writes, its login, …).
class Trial {
 public:
  using Clock = std::chrono::steady_clock;

  /// The outcome of the last try. Any thread; takes a lock for a moment, so not once per message. The time is
  /// given by tests.
  void succeed(Clock::time_point now = Clock::now());
  void fail(Trouble trouble, Clock::time_point now = Clock::now());

 private:
  friend class Dependencies;
  Trial(Dependencies& owner, std::size_t dependency, bool is_needed)
      : owner_(owner), dependency_(dependency), is_needed_(is_needed) {}

  Dependencies& owner_;
  const std::size_t dependency_;
  const bool is_needed_;
  bool has_succeeded_ = false;
  std::optional<Trouble> trouble_;
  std::chrono::system_clock::time_point since_{};  // of the trouble
};

/// Where the state is shown: `chat_dependency_ready{dependency}`,
/// `chat_dependency_failures_total{dependency,cause}` with one count a failed try, a line in the log at each
/// change (at most one in 5 s a dependency), and /readyz.
class Dependencies {
 public:
  /// `metrics` outlives it.
  explicit Dependencies(Metrics& metrics) : metrics_(metrics) {}
  Dependencies(const Dependencies&) = delete;
  Dependencies& operator=(const Dependencies&) = delete;

  /// At start only, from one thread. `name` is redis, kafka, postgres or dead_letters. The service is not
  /// ready before each trial that `is_needed` succeeded once. The trial lives as long as this object.
  Trial& add(std::string_view name, bool is_needed = true);

  /// Whether each needed trial has succeeded. Any thread.
  bool have_served() const;
  /// The same of one dependency; true of one that is unknown.
  bool has_served(std::string_view name) const;

  /// Of one dependency; none where it has none, or is unknown. Any thread.
  std::optional<Trouble> trouble(std::string_view name) const;

  /// The first trouble, as `<name>: <reason>; <remedy>`; empty where there is none. Any thread.
  std::string first_trouble() const;

  /// Adds the degraded dependencies and the reasons. A service that would be ready is "starting" while a
  /// needed trial never succeeded, and "degraded" while any dependency is. Any thread.
  Readiness complete(Readiness readiness) const;

 private:
  friend class Trial;
  struct Dependency {
    std::string name;
    std::vector<Trial*> trials;
    prometheus::Gauge* is_ready = nullptr;
    std::string told_cause;  // of the last line in the log; empty: it serves
    Trial::Clock::time_point next_line{};
    Trial::Clock::time_point trouble_began{};
  };

  prometheus::Counter& failures(const std::string& dependency, const std::string& cause);
  void note(Trial& trial, std::optional<Trouble> trouble, Trial::Clock::time_point now);
  static const Trouble* first_trouble_of(const Dependency& dependency);
  static void tell(Dependency& dependency, Trial::Clock::time_point now);

  Metrics& metrics_;
  mutable std::mutex mutex_;
  std::deque<Dependency> dependencies_;
  std::deque<Trial> trials_;
};

}  // namespace chat::admin
