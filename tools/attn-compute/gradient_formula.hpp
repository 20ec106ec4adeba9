// The formula of a gradient in one run: what was added up, with the operands that this run has.
#pragma once

#include <attn/grad/backward.hpp>

#include <string>

namespace attn::tools {

struct GradientFormula {
  std::string text;   ///< "∇Q∥·W_qᵀ + ∇K∥·W_kᵀ"
  std::string latex;  ///< the same; words where a term is words
};

/// `gradient` is one of backward(problem, …).
GradientFormula gradient_formula(const Problem<double>& problem, const Gradient& gradient);

}  // namespace attn::tools
