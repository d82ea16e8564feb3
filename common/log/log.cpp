#include "common/log/log.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include "common/log/timestamp.hpp"

namespace chat::log {
namespace {

struct Output {
  Output() : logger("chat", std::make_shared<spdlog::sinks::stdout_sink_mt>()) {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::info);
  }

  std::string service = "chat";
  std::string file{};  // that standard output was turned to
  spdlog::logger logger;
};

// Never destroyed: threads of libraries may still log while the process ends.
Output& output() {
  static Output& instance = *new Output;
  return instance;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      break;
  }
  return spdlog::level::err;
}

const char* name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      break;
  }
  return "error";
}

/// Appends standard output to the file from now on. A line is one write, so none is split. Gives the errno,
/// or 0. The descriptor is replaced without being closed in between, so that no line is lost.
int turn_output_to(const std::string& file) {
  const int opened = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (opened < 0) return errno;
  const int fault = dup2(opened, STDOUT_FILENO) < 0 ? errno : 0;
  close(opened);
  return fault;
}

}  // namespace

std::string timestamp(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto rounded = floor<milliseconds>(time);
  const std::time_t seconds = system_clock::to_time_t(floor<std::chrono::seconds>(rounded));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ",
                static_cast<int>(rounded.time_since_epoch().count() % 1000));
  return text;
}

void start(std::string_view service, Level least, const std::string& file) {
  output().service = service;
  output().logger.set_level(spdlog_level(least));
  if (file.empty()) return;
  if (const int fault = turn_output_to(file); fault != 0)
    throw std::runtime_error("LOG_FILE " + file + " cannot be opened: " + std::strerror(fault));
  output().file = file;
}

void on_signal(int number) noexcept {
  try {
    const std::string& file = output().file;
    if (number != SIGHUP) {
      info("a signal was ignored; SIGTERM stops the process", {{"signal", number}});
    } else if (file.empty()) {
      info(
          "SIGHUP: there is nothing to open anew, since the log goes to standard output; SIGTERM stops the "
          "process");
    } else if (const int fault = turn_output_to(file); fault != 0) {
      error("SIGHUP: the log file cannot be opened anew, and the old one is written on",
            {{"file", file}, {"reason", std::string(std::strerror(fault))}});
    } else {
      info("SIGHUP: the log file was opened anew", {{"file", file}});
    }
  } catch (const std::exception&) {
    return;  // out of memory for a line of the log
  }
}

void write(Level level, std::string_view message, Fields fields) {
  Output& out = output();
  if (!out.logger.should_log(spdlog_level(level))) return;
  nlohmann::ordered_json line;
  line["time"] = timestamp(std::chrono::system_clock::now());
  line["level"] = name_of(level);
  line["service"] = out.service;
  line["message"] = message;
  for (const Field& field : fields)
    std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  // Non-ASCII is escaped as well: C1 controls and line separators control terminals and split lines too.
  const std::string text = line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  out.logger.log(spdlog_level(level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace chat::log
