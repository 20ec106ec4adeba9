// Weights from something else than exp: a series, a power, a table.
#pragma once

#include <attn/verify/divergence.hpp>

#include <optional>

namespace attn {

/// W6: weights of rows that sum to one, whose distance to the right ones is one smooth function of the score below its
/// row's maximum, small where that is, and not a temperature. `run` knows their upstream tensors, and `expected` is our
/// operation on them.
std::optional<Diagnosis> approximate_exponential(const Divergence& divergence, Evaluator<double>& run, const Tensor<double>& expected);

}  // namespace attn
