// The formula of a step as this run computes it: with the source that it reads, without a map or a bias that
// it does not have.
#pragma once

#include "notes.hpp"

#include <attn/ops/feed_forward.hpp>
#include <attn/trace.hpp>

#include <functional>
#include <string>

namespace attn::tools {

struct RunFormula {
  std::string symbol;  ///< "Z"
  std::string text;    ///< "A′·V⁺"; empty for an input
  std::string latex;   ///< "A' V^{+}"
  bool whole = true;   ///< the step does all that the step table says of it
};

RunFormula run_formula(const NoteContext& context, Step step, lessons::Language language);

/// The step of this run that stands in for an operand of the table: present keys instead of new ones, the
/// input when there is no memory, capped scores. nullptr if the run has neither.
const TraceEntry* operand_in(const NoteContext& context, Step step, Step operand);

/// LaTeX of a formula in words, "<q_proj> split into heads": the words as text, the operands as mathematics.
std::string latex_of_words(const std::string& formula, const std::function<std::string(Step)>& symbol_of);

/// "GELU", as formulas write it.
std::string activation_name(Activation activation);

}  // namespace attn::tools
