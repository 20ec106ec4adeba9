#include <attn/experiments/residual.hpp>
#include <attn/grad/backward.hpp>

#include <cmath>
#include <utility>

namespace attn {
namespace {

using Weights = std::vector<MultiheadWeights<double>>;

// One layer's attention as a run that can be taken apart.
Problem<double> problem_of(const Tensor<double>& x, const MultiheadWeights<double>& weights, const StackSizes& sizes) {
  MultiheadOptions<double> options;
  options.heads = options.kv_heads = sizes.heads;
  const MultiheadSteps<double> steps = multihead<double>({x}, weights, options);
  Problem<double> problem;
  problem.sizes = steps.attention.sizes;
  problem.weights = weights;
  problem.options = options;
  problem.inputs.emplace(Step::x, x);
  visit(steps, [&](Step step, const Tensor<double>&) {
    if (step != Step::x) problem.steps.push_back(step);
  });
  problem.output_shape = shape_of(steps.output);
  return problem;
}

// log10 of the gradient's size at the input of every layer, and 0 for the output, relative to the output's.
std::vector<double> sizes_along(Tensor<double> x, Tensor<double> upstream, const Weights& weights, const StackSizes& sizes, bool connected) {
  std::vector<Problem<double>> layers;
  for (const MultiheadWeights<double>& each : weights) {
    layers.push_back(problem_of(x, each, sizes));
    Tensor<double> output = Evaluator<double>(layers.back()).get(Step::output);
    x = connected ? sum_of(x, output) : std::move(output);
  }
  const double start = norm_of(upstream);
  std::vector<double> logarithms(weights.size() + 1, 0.0);
  for (std::size_t layer = weights.size(); layer-- > 0;) {
    // The input is the last thing that a backward pass reaches.
    Tensor<double> d = backward(layers[layer], upstream).back().value;
    upstream = connected ? sum_of(upstream, d) : std::move(d);
    logarithms[layer] = std::log10(norm_of(upstream) / start);
  }
  return logarithms;
}

}  // namespace

std::vector<GradientPoint> residual_gradients(const StackSizes& sizes, TorchGenerator& random) {
  std::vector<std::vector<double>> plain(sizes.layers + 1), connected(sizes.layers + 1);
  for (std::size_t draw = 0; draw < sizes.draws; ++draw) {
    Weights weights;
    for (std::size_t layer = 0; layer < sizes.layers; ++layer) weights.push_back(fresh_attention(sizes, random));
    const Tensor<double> x = normal_input({1, sizes.len, sizes.d_model}, random), upstream = normal_input({1, sizes.len, sizes.d_model}, random);
    const std::vector<double> without = sizes_along(x, upstream, weights, sizes, false), with = sizes_along(x, upstream, weights, sizes, true);
    for (std::size_t layer = 0; layer <= sizes.layers; ++layer) {
      plain[layer].push_back(without[layer]);
      connected[layer].push_back(with[layer]);
    }
  }
  std::vector<GradientPoint> points;
  for (std::size_t layer = 0; layer <= sizes.layers; ++layer) {
    points.push_back({layer, false, estimate(plain[layer])});
    points.push_back({layer, true, estimate(connected[layer])});
  }
  return points;
}

}  // namespace attn
