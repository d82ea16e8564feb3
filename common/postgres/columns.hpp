// Columns of values for `unnest($1::text[], $2::bigint[], …)`.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>

#include "common/postgres/transaction.hpp"

namespace chat::postgres {

/// The array literal of what `projection` gives for each element: a text or an integer.
template <class Range, class Projection>
std::string column(const Range& range, Projection projection) {
  ArrayLiteral literal;
  for (const auto& element : range) {
    if constexpr (std::integral<std::decay_t<decltype(projection(element))>>)
      literal.add(std::to_string(projection(element)));
    else
      literal.add(projection(element));
  }
  return literal.take();
}

}  // namespace chat::postgres
