// The formula of a step of a whole model, as this model computes it.
#pragma once

#include "transformer_run.hpp"

#include <attn/lessons/lesson.hpp>
#include <attn/trace.hpp>

#include <string>

namespace attn::tools {

struct StackFormula {
  std::string text;   ///< "Q°·K°ᵀ" in a model with rotary positions
  std::string latex;  ///< the same; words where the formula is words
};

/// `entry` is a step of this run, under its path.
StackFormula stack_formula(const TransformerRun& run, const TraceEntry& entry, lessons::Language language);

}  // namespace attn::tools
