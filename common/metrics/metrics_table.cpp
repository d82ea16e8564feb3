#include "common/metrics/metrics_table.hpp"

#include <map>
#include <set>
#include <sstream>

namespace chat {
namespace {

struct Family {
  std::string type;
  std::string help;
  std::set<std::string> labels;
};

/// Of a line name{first="…",second="…"} value. A value may hold commas and escaped quotes.
void add_labels(std::set<std::string>& labels, std::string_view line) {
  std::string_view rest = line.substr(line.find('{') + 1);
  for (auto equals = rest.find("=\""); equals != std::string_view::npos; equals = rest.find("=\"")) {
    if (const auto name = rest.substr(0, equals); name != "le") labels.insert("`" + std::string(name) + "`");
    auto end = equals + 2;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    if (end + 2 >= rest.size()) return;
    rest.remove_prefix(end + 2);  // the quote and the comma or brace behind it
  }
}

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string metrics_table(std::string_view text) {
  std::map<std::string, Family> families;
  Family* family = nullptr;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, kind, name;
    words >> hash >> kind >> name;
    if (hash == "#") {
      family = &families[name];
      std::getline(words >> std::ws, kind == "TYPE" ? family->type : family->help);
    } else if (family != nullptr && line.find('{') != std::string::npos) {
      add_labels(family->labels, line);
    }
  }
  std::string table = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const auto& [name, one] : families)
    table += "| `" + name + "` | " + one.type + " | " + joined(one.labels) + " | " + one.help + " |\n";
  return table;
}

}  // namespace chat
