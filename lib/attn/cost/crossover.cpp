#include <attn/cost/crossover.hpp>

#include <stdexcept>

namespace attn::cost {
namespace {

// The others replaced by their numbers, those below a fraction line last: their multiples come first.
Polynomial in_length_only(Polynomial polynomial, const Values& values) {
  for (std::size_t i = letter_count; i-- > 0;) {
    const Letter letter = letter_table()[i].letter;
    if (letter != Letter::n && values[letter] > 0) polynomial = polynomial.with(letter, values[letter]);
  }
  return polynomial;
}

}  // namespace

bool Crossover::holds(Count n) const {
  switch (kind) {
    case Kind::always: return true;
    case Kind::never: return false;
    case Kind::below: return n < *limit;
    case Kind::above: return n > *limit;
  }
  return false;
}

Crossover crossover(const Polynomial& cost_a, const Polynomial& cost_b, const Values& values) {
  Crossover result;
  const Polynomial difference = cost_a - cost_b;
  if (difference.is_zero()) return result;
  (difference / difference.common_factor()).primitive().split_by_sign(result.left, result.right);

  // difference = n·(c0 + c1·n) < 0 for n ≥ 1.
  std::vector<Count> c = in_length_only(difference, values).coefficients(Letter::n);
  c.resize(std::max<std::size_t>(c.size(), 3), 0);
  if (c.size() > 3 || c[0] != 0) throw std::invalid_argument(difference.text() + " is not n times a line");
  const Count c0 = c[1], c1 = c[2];
  if (c1 == 0) {
    result.kind = c0 < 0 ? Crossover::Kind::always : Crossover::Kind::never;
    return result;
  }
  const Count numerator = c1 > 0 ? -c0 : c0, slope = c1 > 0 ? c1 : -c1;  // equal at n = numerator / slope
  if (numerator > 0 && numerator % slope == 0) result.equal_at = numerator / slope;
  if (c1 > 0) {
    // n < numerator / slope
    const Count limit = numerator > 0 ? ceil_divide(numerator, slope) : 0;
    result.kind = limit > 1 ? Crossover::Kind::below : Crossover::Kind::never;
    if (limit > 1) result.limit = limit;
  } else {
    // n > numerator / slope, rounded down
    const Count limit = numerator > 0 ? numerator / slope : 0;
    result.kind = limit >= 1 ? Crossover::Kind::above : Crossover::Kind::always;
    if (limit >= 1) result.limit = limit;
  }
  return result;
}

}  // namespace attn::cost
