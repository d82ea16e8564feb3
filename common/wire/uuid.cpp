#include "common/wire/uuid.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>

namespace chat {
namespace {

constexpr std::size_t text_length = 36;

bool is_dash_position(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view Uuid::binary() const {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != text_length) return std::nullopt;
  Uuid id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text_length; ++i) {
    if (is_dash_position(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    auto& byte = id.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
    ++nibble;
  }
  return id;
}

std::string to_string(const Uuid& id) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(text_length);
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(digits[id.bytes[i] >> 4]);
    text.push_back(digits[id.bytes[i] & 15]);
  }
  return text;
}

Uuid random_uuid(Random& random) {
  const std::array<std::uint64_t, 2> bits{random.next(), random.next()};
  Uuid id;
  static_assert(sizeof bits == sizeof id.bytes);
  std::memcpy(id.bytes.data(), bits.data(), sizeof bits);
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

Uuid named_uuid(const Uuid& space, std::string_view name) {
  boost::uuids::uuid boost_space;
  std::ranges::copy(space.bytes, boost_space.begin());
  const auto made = boost::uuids::name_generator_sha1(boost_space)(name.data(), name.size());
  Uuid id;
  std::ranges::copy(made, id.bytes.begin());
  return id;
}

}  // namespace chat

// The bytes are the clients' own: under a hash without a secret, one client could choose ids that fall into
// one bucket. This is the strongly universal multilinear hash over the four 32-bit words, with
// multipliers drawn at start.
std::size_t std::hash<chat::Uuid>::operator()(const chat::Uuid& id) const noexcept {
  static const std::array<std::uint64_t, 5> secret = [] {
    std::array<std::uint64_t, 5> drawn{};
    for (auto& value : drawn) value = chat::Random::real().next();
    return drawn;
  }();
  std::array<std::uint32_t, 4> words{};
  std::memcpy(words.data(), id.bytes.data(), sizeof words);
  std::uint64_t sum = secret[4];
  for (std::size_t i = 0; i < words.size(); ++i) sum += secret[i] * words[i];
  return sum >> 32;
}
