// How a step sends its gradient back to what it was computed from: one row for each step and each of its operands.
#pragma once

#include <attn/steps.hpp>

#include <string_view>

namespace attn {

struct GradientTerm {
  Step consumer;           ///< the step whose gradient is sent back
  Step operand;            ///< to this step, input or parameter
  std::string_view text;   ///< "<d_heads>·<v>ᵀ": names in angle brackets are steps, see formula.hpp
  std::string_view latex;  ///< empty: the text is words
};

/// The row for a step and one of its operands, both without a place in a layer.
/// Throws std::logic_error if there is none.
const GradientTerm& gradient_term(Step consumer, Step operand);

}  // namespace attn
