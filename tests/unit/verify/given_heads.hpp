// Runs on given queries, keys and values, which fall apart into samples and heads.
#pragma once

#include "verify/cases.hpp"

#include <attn/ops/dot_product.hpp>
#include <attn/verify/problem.hpp>

namespace loops {

/// `samples` of four query heads on two key heads, `length` causal positions; heads of 3, values of 2.
inline attn::Problem<double> given_heads(Index samples, Index length) {
  attn::Problem<double> problem;
  problem.inputs[Step::q] = naive::numbers<double>({samples, 4, length, 3}, 31);
  problem.inputs[Step::k] = naive::numbers<double>({samples, 2, length, 3}, 32);
  problem.inputs[Step::v] = naive::numbers<double>({samples, 2, length, 2}, 33);
  problem.sizes.batch = samples;
  problem.sizes.heads = problem.options.heads = 4;
  problem.sizes.kv_heads = problem.options.kv_heads = 2;
  problem.sizes.query_len = problem.sizes.key_len = problem.sizes.new_len = length;
  problem.sizes.head_dim = 3;
  problem.sizes.value_dim = 2;
  problem.options.attention.mask.causal = true;
  problem.steps = {Step::scores_raw, Step::scores_scaled, Step::mask, Step::scores_masked, Step::weights, Step::heads, Step::output};
  problem.output_shape = {samples, 4, length, 2};
  return problem;
}

}  // namespace loops
