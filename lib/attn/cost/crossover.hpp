// For which lengths one layer costs less than another: exactly, from the formulas.
#pragma once

#include <attn/cost/polynomial.hpp>

#include <optional>
#include <string>

namespace attn::cost {

/// "cost_a < cost_b", solved for the length n.
struct Crossover {
  enum class Kind { always, never, below, above };
  Kind kind = Kind::never;
  Polynomial left, right;      ///< the condition left < right, common factors divided out: n < d
  std::optional<Count> limit;  ///< below: it holds exactly for n < limit; above: exactly for n > limit
  std::optional<Count> equal_at;  ///< the n at which both cost the same, if it is whole

  bool holds(Count n) const;
  std::string text() const { return left.text() + " < " + right.text(); }
};

/// Both costs must have a factor n and at most its square, which all costs of this library have. The other
/// letters take their numbers from `values`. Throws std::invalid_argument otherwise.
Crossover crossover(const Polynomial& cost_a, const Polynomial& cost_b, const Values& values);

}  // namespace attn::cost
