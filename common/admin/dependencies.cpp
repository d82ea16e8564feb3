#include "common/admin/dependencies.hpp"

#include <algorithm>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/log/log.hpp"

namespace chat::admin {
namespace {

constexpr std::chrono::seconds line_period{5};

}  // namespace

void Trial::succeed(Clock::time_point now) {
  owner_.note(*this, std::nullopt, now);
}

void Trial::fail(Trouble trouble, Clock::time_point now) {
  owner_.note(*this, std::move(trouble), now);
}

Trial& Dependencies::add(std::string_view name, bool is_needed) {
  const std::lock_guard lock(mutex_);
  auto found = std::ranges::find(dependencies_, name, &Dependency::name);
  if (found == dependencies_.end()) {
    Dependency added;
    added.name = name;
    added.is_ready = &metrics_.gauge("chat_dependency_ready",
                                     "1 while a dependency did what is needed when it was last tried; 0 "
                                     "before the first success",
                                     {{"dependency", added.name}});
    failures(added.name, "unreachable");
    found = dependencies_.insert(found, std::move(added));
  }
  const auto index = static_cast<std::size_t>(found - dependencies_.begin());
  trials_.push_back(Trial(*this, index, is_needed));
  found->trials.push_back(&trials_.back());
  return trials_.back();
}

prometheus::Counter& Dependencies::failures(const std::string& dependency, const std::string& cause) {
  return metrics_.counter("chat_dependency_failures_total",
                          "Failed tries of what is needed of a dependency, by cause",
                          {{"dependency", dependency}, {"cause", cause}});
}

void Dependencies::note(Trial& trial, std::optional<Trouble> trouble, Trial::Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Dependency& dependency = dependencies_[trial.dependency_];
  if (trouble) {
    failures(dependency.name, trouble->cause).Increment();
    if (!trial.trouble_ || trial.trouble_->cause != trouble->cause)
      trial.since_ = std::chrono::system_clock::now();
  } else {
    trial.has_succeeded_ = true;
  }
  trial.trouble_ = std::move(trouble);
  const bool is_ready = std::ranges::all_of(
      dependency.trials, [](const Trial* one) { return one->has_succeeded_ && !one->trouble_; });
  dependency.is_ready->Set(is_ready ? 1 : 0);
  tell(dependency, now);
}

const Trouble* Dependencies::first_trouble_of(const Dependency& dependency) {
  const auto found =
      std::ranges::find_if(dependency.trials, [](const Trial* one) { return one->trouble_.has_value(); });
  return found == dependency.trials.end() ? nullptr : &*(*found)->trouble_;
}

/// A change that comes too soon after a line is logged at a later try, if it still holds then.
void Dependencies::tell(Dependency& dependency, Trial::Clock::time_point now) {
  const Trouble* const trouble = first_trouble_of(dependency);
  const std::string_view cause = trouble != nullptr ? std::string_view(trouble->cause) : std::string_view{};
  if (cause == dependency.told_cause || now < dependency.next_line) return;
  if (dependency.told_cause.empty()) dependency.trouble_began = now;
  dependency.told_cause = cause;
  dependency.next_line = now + line_period;
  if (trouble != nullptr)
    return log::warning("a dependency does not do what this service needs", {{"dependency", dependency.name},
                                                                             {"cause", trouble->cause},
                                                                             {"reason", trouble->reason},
                                                                             {"remedy", trouble->remedy}});
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(now - dependency.trouble_began);
  log::info("a dependency works again", {{"dependency", dependency.name}, {"after_s", lasted.count()}});
}

bool Dependencies::have_served() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::all_of(trials_, [](const Trial& one) { return one.has_succeeded_ || !one.is_needed_; });
}

bool Dependencies::has_served(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(dependencies_, name, &Dependency::name);
  return found == dependencies_.end() || std::ranges::all_of(found->trials, [](const Trial* one) {
           return one->has_succeeded_ || !one->is_needed_;
         });
}

std::optional<Trouble> Dependencies::trouble(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(dependencies_, name, &Dependency::name);
  const Trouble* const trouble = found == dependencies_.end() ? nullptr : first_trouble_of(*found);
  return trouble == nullptr ? std::nullopt : std::optional(*trouble);
}

std::string Dependencies::first_trouble() const {
  const std::lock_guard lock(mutex_);
  for (const Dependency& dependency : dependencies_)
    if (const Trouble* trouble = first_trouble_of(dependency))
      return dependency.name + ": " + trouble->sentence();
  return {};
}

Readiness Dependencies::complete(Readiness readiness) const {
  const bool is_started = have_served();
  const std::lock_guard lock(mutex_);
  for (const Dependency& dependency : dependencies_) {
    if (first_trouble_of(dependency) == nullptr) continue;
    if (std::ranges::find(readiness.degraded, dependency.name) == readiness.degraded.end())
      readiness.degraded.push_back(dependency.name);
    for (const Trial* trial : dependency.trials) {
      if (!trial->trouble_) continue;
      const auto same = [&](const Degradation& told) {
        return told.dependency == dependency.name && told.trouble == *trial->trouble_;
      };
      if (std::ranges::none_of(readiness.causes, same))
        readiness.causes.push_back({dependency.name, *trial->trouble_, trial->since_});
    }
  }
  if (readiness.ready && !is_started) {
    readiness.ready = false;
    readiness.status = "starting";
  }
  if (readiness.ready && !readiness.degraded.empty()) readiness.status = "degraded";
  return readiness;
}

}  // namespace chat::admin
