// Runs on given queries, keys and values, which fall apart into samples and heads.
#pragma once

#include "verify/cases.hpp"

#include <attn/ops/dot_product.hpp>
#include <attn/verify/problem.hpp>
#include <attn/verify/verification.hpp>

#include <cmath>
#include <functional>

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

/// The same with no query, and so many keys.
inline attn::Problem<double> without_queries(Index samples, Index keys) {
  attn::Problem<double> problem = given_heads(samples, 1);
  problem.inputs[Step::q] = attn::empty<double>({samples, 4, 0, 3});
  problem.inputs[Step::k] = naive::numbers<double>({samples, 2, keys, 3}, 32);
  problem.inputs[Step::v] = naive::numbers<double>({samples, 2, keys, 2}, 33);
  problem.sizes.query_len = 0;
  problem.sizes.key_len = problem.sizes.new_len = keys;
  problem.output_shape = {samples, 4, 0, 2};
  return problem;
}

/// The tensors of a causal run on given heads whose raw scores are multiplied by factor(sample, head); every step after
/// that by plain loops.
inline Tensors with_scaled(const attn::Problem<double>& problem, const std::function<double(Index, Index)>& factor) {
  Tensors t = attn::run_problem(problem);
  const Index samples = t.at(Step::q).shape(0), length = t.at(Step::q).shape(2);
  for (Index b = 0; b < samples; ++b) {
    for (Index h = 0; h < 4; ++h) {
      for (Index i = 0; i < length; ++i) {
        double sum = 0;
        for (Index j = 0; j < length; ++j) {
          const double score = t[Step::scores_raw](b, h, i, j) * factor(b, h);
          t[Step::scores_scaled](b, h, i, j) = score;
          t[Step::scores_masked](b, h, i, j) = j <= i ? score : -infinity;
          t[Step::weights](b, h, i, j) = j <= i ? std::exp(score) : 0;
          sum += t[Step::weights](b, h, i, j);
        }
        for (Index j = 0; j < length; ++j) t[Step::weights](b, h, i, j) /= sum;
        for (Index d = 0; d < 2; ++d) {
          double value = 0;
          for (Index j = 0; j <= i; ++j) value += t[Step::weights](b, h, i, j) * t[Step::v](b, h / 2, j, d);
          t[Step::heads](b, h, i, d) = t[Step::output](b, h, i, d) = value;
        }
      }
    }
  }
  return t;
}

}  // namespace loops
