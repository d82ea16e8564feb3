// Structured logs: one JSON object a line on standard output, or in a file.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace chat::log {

enum class Level { debug, info, warning, error };

/// One named value of a line. Views are read before the call returns. Never holds a secret or a message's
/// text.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  template <class T>
  Field(std::string_view field_name, const T& field_value) : name(field_name), value(convert(field_value)) {}

 private:
  template <class T>
  static decltype(value) convert(const T& v) {
    if constexpr (std::same_as<T, bool>)
      return v;
    else if constexpr (std::integral<T>)
      return static_cast<std::int64_t>(v);
    else if constexpr (std::floating_point<T>)
      return static_cast<double>(v);
    else
      return std::string_view(v);
  }
};

using Fields = std::initializer_list<Field>;

/// Sets the service's name, written as `service` in every line, the lowest level that is written, and the
/// file that standard output is appended to; empty: standard output as it is. Call once at start, before
/// other threads run; without it the lines go out at level info as service "chat". Throws std::runtime_error
/// where the file cannot be opened.
void start(std::string_view service, Level least, const std::string& file = {});

/// Handles a signal that does not stop the process. SIGHUP opens the log file anew, so that it can be
/// rotated; where that fails, lines still go to the old one. Every other signal is logged and ignored. Any
/// thread.
void on_signal(int number) noexcept;

/// Writes {"time":"<RFC 3339, ms, UTC>","level":…,"service":…,"message":…, fields…}. Any thread. Invalid
/// UTF-8 and control characters are escaped, never written raw.
void write(Level level, std::string_view message, Fields fields = {});

inline void debug(std::string_view message, Fields fields = {}) {
  write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::info, message, fields);
}
inline void warning(std::string_view message, Fields fields = {}) {
  write(Level::warning, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::error, message, fields);
}

}  // namespace chat::log
