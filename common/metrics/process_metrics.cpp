#include "common/metrics/process_metrics.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/bug.hpp"

namespace chat {
namespace {

/// The fields of /proc/self/stat that are used (proc(5)), times in clock ticks.
struct Stat {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  double start_ticks = 0;
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  constexpr std::size_t first_field = 3;
  const auto number = [&](std::size_t field) { return std::stod(fields[field - first_field]); };
  if (fields.size() <= 24 - first_field) return std::nullopt;
  return Stat{number(14), number(15), number(20), number(22), number(23), number(24)};
}

std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  std::string name;
  for (std::string line; std::getline(file, line);) {
    double seconds = 0;
    if (std::istringstream(line) >> name >> seconds && name == "btime") return seconds;
  }
  return std::nullopt;
}

std::optional<double> open_files() {
  // Linux 6.2 and later say it at once. Listing 15,000 descriptors takes a tenth of a second.
  struct stat about {};
  if (::stat("/proc/self/fd", &about) == 0 && about.st_size > 0) return static_cast<double>(about.st_size);
  std::error_code failure;
  std::filesystem::directory_iterator entries("/proc/self/fd", failure);
  if (failure) return std::nullopt;
  double count = 0;
  for (; entries != std::filesystem::directory_iterator() && !failure; entries.increment(failure)) ++count;
  // One of them is the listing itself.
  return count - 1;
}

prometheus::MetricFamily family(std::string name, std::string help, prometheus::MetricType type,
                                double value) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  return {std::move(name), std::move(help), type, {metric}};
}

}  // namespace

std::vector<prometheus::MetricFamily> process_metrics() {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> families;
  const auto gauge = [&](const char* name, const char* help, double value) {
    families.push_back(family(name, help, MetricType::Gauge, value));
  };
  if (const auto stat = read_stat()) {
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    families.push_back(family("process_cpu_seconds_total", "User and system CPU time spent in seconds.",
                              MetricType::Counter, (stat->user_ticks + stat->system_ticks) / ticks));
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
          stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", stat->virtual_bytes);
    gauge("process_threads", "Threads of the process.", stat->threads);
    if (const auto boot = boot_time())
      gauge("process_start_time_seconds", "Start time of the process since 1970 in seconds.",
            *boot + stat->start_ticks / ticks);
  }
  families.push_back(family("chat_bugs_total",
                            "Defects of this program that it noticed by itself; each has a line in the log.",
                            MetricType::Counter, static_cast<double>(bug::count())));
  if (const auto count = open_files()) gauge("process_open_fds", "Open file descriptors.", *count);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    gauge("process_max_fds", "File descriptors that may be open.", static_cast<double>(limit.rlim_cur));
  return families;
}

}  // namespace chat
