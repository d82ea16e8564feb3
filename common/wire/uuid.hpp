// Message ids: UUIDs as 16 bytes and in their 36-character form.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/random.hpp"

namespace chat {

/// A UUID by value. Equality ignores how the text was spelled, since only the bytes are kept: ids are
/// compared without case (PROTOCOL.md).
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(const Uuid&, const Uuid&) = default;
  friend auto operator<=>(const Uuid&, const Uuid&) = default;

  /// The bytes as a view for binary-safe keys; valid as long as this object.
  std::string_view binary() const;
};

/// Reads the 8-4-4-4-12 form, either case; nothing else (no braces, no urn). Any version and variant is
/// taken.
std::optional<Uuid> parse_uuid(std::string_view text);

/// Lower-case 36-character form.
std::string to_string(const Uuid& id);

/// A version 4 UUID (RFC 9562 section 5.4). By default of the kernel's random numbers, from any thread: ids
/// of sessions must not follow from ids that others were shown.
Uuid random_uuid(Random& random = Random::real());

/// The version 5 UUID of a name within a namespace (RFC 9562 section 5.5): always the same one.
Uuid named_uuid(const Uuid& space, std::string_view name);

}  // namespace chat

template <>
struct std::hash<chat::Uuid> {
  std::size_t operator()(const chat::Uuid& id) const noexcept;
};
