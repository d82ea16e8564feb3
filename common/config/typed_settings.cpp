// The makers of typed settings.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "common/config/settings_table.hpp"

namespace chat::config {
namespace {

using Fault = std::optional<std::string>;

template <class Number>
std::string number_text(Number number) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr};
}

template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc{} || stop != end) return std::nullopt;
  return number;
}

double in_seconds(std::chrono::milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Setting make(std::string flag, std::string variable, std::string help, std::string default_text) {
  Setting setting;
  setting.flag = std::move(flag);
  setting.variable = std::move(variable);
  setting.help = std::move(help);
  setting.default_text = std::move(default_text);
  return setting;
}

/// `what` is the number's name in the fault.
template <class Assign>
Fault assign_integer(const std::string& text, const std::string& what, std::int64_t min, std::int64_t max,
                     const Assign& assign) {
  const auto number = parse_number<std::int64_t>(text);
  if (!number || *number < min || *number > max)
    return Fault{"is not a " + what + " from " + number_text(min) + " to " + number_text(max)};
  assign(*number);
  return Fault{};
}

}  // namespace

Setting text_setting(std::string flag, std::string variable, std::string help, std::string& target) {
  Setting setting = make(std::move(flag), std::move(variable), std::move(help), target);
  setting.assign = [&target](const std::string& text) {
    target = text;
    return Fault{};
  };
  return setting;
}

Setting secret_setting(std::string flag, std::string variable, std::string help, std::string& target) {
  Setting setting = text_setting(std::move(flag), std::move(variable), std::move(help), target);
  setting.secret = true;
  return setting;
}

Setting url_setting(std::string flag, std::string variable, std::string help, std::string& target) {
  Setting setting = text_setting(std::move(flag), std::move(variable), std::move(help), target);
  setting.is_url = true;
  return setting;
}

Setting choice_setting(std::string flag, std::string variable, std::string help, std::string& target,
                       std::vector<std::string> choices) {
  const std::string list = joined(choices);
  Setting setting = make(std::move(flag), std::move(variable), std::move(help) + ": " + list, target);
  setting.assign = [&target, choices = std::move(choices), list](const std::string& text) {
    if (std::ranges::find(choices, text) == choices.end()) return Fault{"is none of " + list};
    target = text;
    return Fault{};
  };
  return setting;
}

Setting address_setting(std::string flag, std::string variable, std::string help, std::string& target) {
  Setting setting = make(std::move(flag), std::move(variable), std::move(help), target);
  setting.assign = [&target](const std::string& text) {
    boost::system::error_code failure;
    boost::asio::ip::make_address(text, failure);
    if (failure) return Fault{"is not an IP address such as 127.0.0.1 or 0.0.0.0"};
    target = text;
    return Fault{};
  };
  return setting;
}

Setting integer_setting(std::string flag, std::string variable, std::string help, std::int64_t& target,
                        std::int64_t min, std::int64_t max) {
  Setting setting = make(std::move(flag), std::move(variable), std::move(help), number_text(target));
  setting.assign = [&target, min, max](const std::string& text) {
    return assign_integer(text, "number", min, max, [&target](std::int64_t number) { target = number; });
  };
  return setting;
}

Setting seconds_setting(std::string flag, std::string variable, std::string help,
                        std::chrono::milliseconds& target, double min, double max) {
  Setting setting =
      make(std::move(flag), std::move(variable), std::move(help), number_text(in_seconds(target)));
  setting.assign = [&target, min, max](const std::string& text) {
    const auto seconds = parse_number<double>(text);
    // Written so that NaN is refused.
    if (!seconds || !(*seconds >= min && *seconds <= max))
      return Fault{"is not a number of seconds from " + number_text(min) + " to " + number_text(max)};
    target = std::chrono::milliseconds(std::llround(*seconds * 1000));
    return Fault{};
  };
  return setting;
}

Setting milliseconds_setting(std::string flag, std::string variable, std::string help,
                             std::chrono::milliseconds& target, std::int64_t min, std::int64_t max) {
  Setting setting = make(std::move(flag), std::move(variable), std::move(help),
                         number_text(static_cast<std::int64_t>(target.count())));
  setting.assign = [&target, min, max](const std::string& text) {
    return assign_integer(text, "number of milliseconds", min, max,
                          [&target](std::int64_t number) { target = std::chrono::milliseconds(number); });
  };
  return setting;
}

Setting switch_setting(std::string flag, std::string variable, std::string help, bool& target) {
  Setting setting = make(std::move(flag), std::move(variable), std::move(help), target ? "true" : "false");
  setting.is_switch = true;
  setting.assign = [&target](const std::string& text) {
    static constexpr std::array<std::string_view, 4> yes{"true", "yes", "on", "1"};
    static constexpr std::array<std::string_view, 4> no{"false", "no", "off", "0"};
    const bool is_yes = std::ranges::find(yes, text) != yes.end();
    if (!is_yes && std::ranges::find(no, text) == no.end()) return Fault{"is neither true nor false"};
    target = is_yes;
    return Fault{};
  };
  return setting;
}

Setting renamed(Setting setting, std::string former_flag, std::string former_variable) {
  setting.former_flag = std::move(former_flag);
  setting.former_variable = std::move(former_variable);
  return setting;
}

}  // namespace chat::config
