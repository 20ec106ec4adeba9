#include "problem_of.hpp"

#include <attn/ops/heads.hpp>

#include <utility>

namespace attn::tools {
namespace {

Tensor<double> with_heads(Tensor<double> tensor, std::size_t heads) {
  const Shape shape = shape_of(tensor);
  if (shape.size() == 2) return reshaped(std::move(tensor), {1, 1, shape[0], shape[1]});
  return shape.size() == 3 ? split_heads(tensor, heads) : tensor;
}

Tensor<double> with_batch(Tensor<double> tensor) {
  const Shape shape = shape_of(tensor);
  return shape.size() == 2 ? reshaped(std::move(tensor), {1, shape[0], shape[1]}) : tensor;
}

// The cache is an input like the others, and what is planned and not an input is computed.
void finish(Problem<double>& problem, const RunPlan& plan) {
  AttentionOptions<double>& options = problem.options.attention;
  if (options.past_key) problem.inputs.emplace(Step::past_key, *std::exchange(options.past_key, std::nullopt));
  if (options.past_value) problem.inputs.emplace(Step::past_value, *std::exchange(options.past_value, std::nullopt));
  for (const Step step : planned_steps(plan)) {
    if (problem.inputs.count(step) == 0) problem.steps.push_back(step);
  }
}

}  // namespace

Problem<double> problem_of_given(Tensor<double> q, Tensor<double> k, Tensor<double> v, std::size_t heads, std::size_t kv_heads,
                                 AttentionOptions<double> options, const RunPlan& plan) {
  const std::size_t rank = q.dimension();
  Problem<double> problem;
  q = with_heads(std::move(q), heads);
  k = with_heads(std::move(k), kv_heads);
  v = with_heads(std::move(v), kv_heads);
  problem.sizes = attention_sizes(q, k, v, options);
  const Sizes& s = problem.sizes;
  if (rank == 2) problem.output_shape = {s.query_len, s.value_dim};
  if (rank == 3) problem.output_shape = {s.batch, s.query_len, s.heads * s.value_dim};
  if (rank == 4) problem.output_shape = {s.batch, s.heads, s.query_len, s.value_dim};
  problem.inputs.emplace(Step::q, std::move(q));
  problem.inputs.emplace(Step::k, std::move(k));
  problem.inputs.emplace(Step::v, std::move(v));
  problem.options = {s.heads, s.kv_heads, false, false, std::move(options)};
  finish(problem, plan);
  return problem;
}

Problem<double> problem_of_module(MultiheadInputs<double> inputs, MultiheadWeights<double> weights,
                                  MultiheadOptions<double> options, const RunPlan& plan, const Sizes& sizes) {
  RunPlan computed = plan;  // absent maps leave no step
  computed.query_map = weights.w_q || weights.b_q;
  computed.key_map = weights.w_k || weights.b_k;
  computed.value_map = weights.w_v || weights.b_v;
  Problem<double> problem;
  problem.sizes = sizes;
  const bool batched = inputs.x.dimension() == 3;
  const std::size_t width = weights.w_o ? weights.w_o->shape(1) : sizes.heads * sizes.value_dim;
  problem.output_shape = batched ? Shape{sizes.batch, sizes.query_len, width} : Shape{sizes.query_len, width};
  problem.inputs.emplace(Step::x, with_batch(std::move(inputs.x)));
  if (inputs.memory) problem.inputs.emplace(Step::memory, with_batch(std::move(*inputs.memory)));
  if (inputs.memory_value) problem.inputs.emplace(Step::memory_value, with_batch(std::move(*inputs.memory_value)));
  problem.weights = std::move(weights);
  problem.options = std::move(options);
  finish(problem, computed);
  return problem;
}

}  // namespace attn::tools
