// The formula of a step of a whole model, as this model computes it.
#pragma once

#include <attn/lessons/lesson.hpp>
#include <attn/model/config.hpp>
#include <attn/trace.hpp>

#include <string>

namespace attn::tools {

struct StackFormula {
  std::string text;   ///< "Q°·K°ᵀ" in a model with rotary positions
  std::string latex;  ///< the same; words where the formula is words
};

/// `entry` is a step of a model with this configuration, under its path.
StackFormula stack_formula(const ModelConfig& config, const TraceEntry& entry, lessons::Language language);

}  // namespace attn::tools
