#include <attn/experiments/scaling.hpp>
#include <attn/ops/softmax.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

struct Numbers {
  std::vector<double> variance, largest_weight, entropy, jacobian;
};

double variance_of(const std::vector<double>& numbers) {
  const double count = static_cast<double>(numbers.size());
  double mean = 0, squares = 0;
  for (const double number : numbers) mean += number / count;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  return squares / (count - 1);
}

// −Σ p log p / log n; a weight of zero adds nothing.
double relative_entropy(const std::vector<double>& weights) {
  double sum = 0;
  for (const double p : weights) sum -= p > 0 ? p * std::log(p) : 0;
  return sum / std::log(static_cast<double>(weights.size()));
}

void look_at(const std::vector<double>& scores, Numbers& numbers) {
  Tensor<double> row = empty<double>({scores.size()});
  std::copy(scores.begin(), scores.end(), row.data());
  const Tensor<double> softmaxed = softmax(row).weights;
  const std::vector<double> weights(softmaxed.data(), softmaxed.data() + softmaxed.size());
  numbers.variance.push_back(variance_of(scores));
  numbers.largest_weight.push_back(*std::max_element(weights.begin(), weights.end()));
  numbers.entropy.push_back(relative_entropy(weights));
  numbers.jacobian.push_back(softmax_jacobian_norm(weights));
}

std::vector<double> draw_scores(std::size_t keys, std::size_t head_dim, TorchGenerator& random) {
  const Tensor<float> q = randn(random, {head_dim}), k = randn(random, {keys, head_dim});
  std::vector<double> scores(keys, 0.0);
  for (std::size_t i = 0; i < k.size(); ++i) {
    scores[i / head_dim] += static_cast<double>(q.data()[i % head_dim]) * static_cast<double>(k.data()[i]);
  }
  return scores;
}

ScalingPoint point_of(std::size_t head_dim, bool scaled, const Numbers& numbers) {
  return {head_dim, scaled, estimate(numbers.variance), estimate(numbers.largest_weight), estimate(numbers.entropy), estimate(numbers.jacobian)};
}

}  // namespace

double softmax_jacobian_norm(const std::vector<double>& weights) {
  double squares = 0, cubes = 0;
  for (const double p : weights) {
    squares += p * p;
    cubes += p * p * p;
  }
  // One weight of 1 gives 1 − 2 + 1, which rounding may leave below zero.
  return std::sqrt(std::max(0.0, squares - 2 * cubes + squares * squares));
}

std::vector<ScalingPoint> scaling(const ScalingOptions& options, TorchGenerator& random) {
  std::vector<ScalingPoint> points;
  for (const std::size_t head_dim : options.head_dims) {
    Numbers unscaled, scaled;
    for (std::size_t draw = 0; draw < options.draws; ++draw) {
      std::vector<double> scores = draw_scores(options.keys, head_dim, random);
      look_at(scores, unscaled);
      for (double& score : scores) score /= std::sqrt(static_cast<double>(head_dim));
      look_at(scores, scaled);
    }
    points.push_back(point_of(head_dim, false, unscaled));
    points.push_back(point_of(head_dim, true, scaled));
  }
  return points;
}

}  // namespace attn
