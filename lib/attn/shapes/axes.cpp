#include <attn/error.hpp>
#include <attn/shapes/axes.hpp>

#include <limits>

namespace attn::shapes {
namespace {

/// The largest count: element counts are differences of addresses, too.
constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

}  // namespace

std::size_t product(const std::vector<std::size_t>& factors) {
  const std::optional<std::size_t> count = element_count(factors);
  if (!count || *count > most) {
    throw LimitError("", "the sizes " + to_string(factors) + " multiply to more than 2^63");
  }
  return *count;
}

std::size_t sum(const std::vector<std::size_t>& terms) {
  std::size_t total = 0;
  for (const std::size_t term : terms) {
    if (term > most || total > most - term) {
      throw LimitError("", "the sum " + std::to_string(total) + " + " + std::to_string(term) + " is more than 2^63");
    }
    total += term;
  }
  return total;
}

Axis operator*(const Axis& a, const Axis& b) {
  return {a.symbol + "·" + b.symbol, product({a.size, b.size})};
}

Axis operator*(std::size_t count, const Axis& axis) {
  return {std::to_string(count) + "·" + axis.symbol, product({count, axis.size})};
}

Axis operator+(const Axis& axis, std::size_t count) {
  if (count == 0) return axis;
  return {axis.symbol + "+" + std::to_string(count), sum({axis.size, count})};
}

std::string symbols(const Axes& axes) {
  std::string text = "(";
  for (std::size_t i = 0; i < axes.size(); ++i) text += (i > 0 ? ", " : "") + axes[i].symbol;
  return text + (axes.size() == 1 ? ",)" : ")");
}

Shape sizes(const Axes& axes) {
  Shape shape;
  for (const Axis& axis : axes) shape.push_back(axis.size);
  return shape;
}

std::size_t elements(const Axes& axes) { return product(sizes(axes)); }

}  // namespace attn::shapes
