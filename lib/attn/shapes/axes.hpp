// An axis that knows its letter and its size, so that "(B, Lq, E)" and "(2, 4, 100)" cannot drift apart.
#pragma once

#include <attn/shape.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace attn::shapes {

/// One axis: a letter of shape.hpp, or an expression of letters such as "H·D" or "Lk+1", and its size.
struct Axis {
  std::string symbol;
  std::size_t size = 0;
};

/// The axes of one tensor, outermost first.
using Axes = std::vector<Axis>;

/// "H·D" with the product of the sizes. Throws LimitError when the product does not fit.
Axis operator*(const Axis& a, const Axis& b);

/// "3·E".
Axis operator*(std::size_t count, const Axis& axis);

/// "Lk+2"; the axis itself for count 0.
Axis operator+(const Axis& axis, std::size_t count);

/// "(B, Lq, E)"
std::string symbols(const Axes& axes);

/// (2, 4, 100)
Shape sizes(const Axes& axes);

/// Number of elements. Throws LimitError when it does not fit 63 bits.
std::size_t elements(const Axes& axes);

/// The product of numbers. Throws LimitError when it does not fit 63 bits.
std::size_t product(const std::vector<std::size_t>& factors);

/// The sum of numbers. Throws LimitError when it does not fit 63 bits.
std::size_t sum(const std::vector<std::size_t>& terms);

}  // namespace attn::shapes
