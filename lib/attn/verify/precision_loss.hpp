// Differences that are no mistake of the table, but have a shape: those of a coarse exponential, and those of
// a stage computed in few bits.
#pragma once

#include <attn/verify/diagnose.hpp>

#include <optional>

namespace attn {

/// T2 with the format as its variant: the step differs by what bfloat16, TF32 or float16 would leave, without
/// a pattern of its own. `expected` is our operation on their upstream tensors.
std::optional<Diagnosis> reduced_precision(const Divergence& divergence, const Tensor<double>& expected);

/// W6: weights whose distance to the right ones is one smooth function of the score below its row's maximum,
/// and not a temperature. `run` knows their upstream tensors, and `expected` is our operation on them.
std::optional<Diagnosis> approximate_exponential(const Divergence& divergence, Evaluator<double>& run, const Tensor<double>& expected);

}  // namespace attn
