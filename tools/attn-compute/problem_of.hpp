// A run as a problem that verification can take apart, before anything of it is computed.
#pragma once

#include "planned_steps.hpp"

#include <attn/ops/multihead.hpp>
#include <attn/verify/problem.hpp>

#include <cstddef>

namespace attn::tools {

/// Attention on given queries, keys and values of rank 2, 3 or 4, as dot_product_attention computes it.
/// Throws ShapeError where they do not fit each other.
Problem<double> problem_of_given(Tensor<double> q, Tensor<double> k, Tensor<double> v, std::size_t heads, std::size_t kv_heads,
                                 AttentionOptions<double> options, const RunPlan& plan);

/// A module's run, as `multihead` computes it. `sizes` are those of the run.
Problem<double> problem_of_module(MultiheadInputs<double> inputs, MultiheadWeights<double> weights,
                                  MultiheadOptions<double> options, const RunPlan& plan, const Sizes& sizes);

}  // namespace attn::tools
