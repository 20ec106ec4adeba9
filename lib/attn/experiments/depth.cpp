#include <attn/experiments/depth.hpp>
#include <attn/ops/position.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace attn {
namespace {

constexpr StackKind kinds[] = {StackKind::attention, StackKind::attention_feed_forward, StackKind::attention_residual, StackKind::whole_layer};

// x minus the mean row of its sample.
Tensor<double> without_mean_row(const Tensor<double>& x) {
  const std::size_t batch = x.shape(0), length = x.shape(1), width = x.shape(2);
  Tensor<double> centred = x;
  for (std::size_t b = 0; b < batch; ++b) {
    double* sample = centred.data() + b * length * width;
    for (std::size_t e = 0; e < width; ++e) {
      double mean = 0;
      for (std::size_t i = 0; i < length; ++i) mean += sample[i * width + e] / static_cast<double>(length);
      for (std::size_t i = 0; i < length; ++i) sample[i * width + e] -= mean;
    }
  }
  return centred;
}

// The mean over samples: [L·E].
std::vector<double> mean_sample(const Tensor<double>& x) {
  const std::size_t size = x.shape(1) * x.shape(2);
  std::vector<double> mean(size, 0.0);
  for (std::size_t i = 0; i < x.size(); ++i) mean[i % size] += x.data()[i] / static_cast<double>(x.shape(0));
  return mean;
}

LayerWeights<double> fresh_layer(const StackSizes& sizes, TorchGenerator& random) {
  LayerWeights<double> weights;
  weights.self.attention = fresh_attention(sizes, random);
  weights.ffn.maps = fresh_feed_forward(sizes.d_model, random);
  return weights;
}

Tensor<double> next(const Tensor<double>& x, const LayerWeights<double>& weights, const StackSizes& sizes, StackKind kind) {
  LayerOptions<double> options;
  options.self.heads = options.self.kv_heads = sizes.heads;
  if (kind == StackKind::whole_layer) return layer<double>({x}, weights, options).output();
  Tensor<double> y = multihead<double>({x}, weights.self.attention, options.self).output;
  if (kind == StackKind::attention_residual) return sum_of(x, y);
  if (kind == StackKind::attention_feed_forward) return feed_forward(y, weights.ffn.maps, Activation::relu).output;
  return y;
}

Tensor<double> tokens_at_positions(const StackSizes& sizes, std::size_t samples, TorchGenerator& random) {
  Tensor<double> x = normal_input({samples, sizes.len, sizes.d_model}, random);
  SinusoidalOptions options;
  options.d_model = sizes.d_model;
  const Tensor<double> positions = sinusoidal<double>(sizes.len, options);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] += positions.data()[i % positions.size()];
  return x;
}

struct Numbers {
  std::vector<double> residual, positions, tokens;
};

}  // namespace

DepthPoint shares_of(const Tensor<double>& x) {
  const double samples = static_cast<double>(x.shape(0)), whole = norm_of(x);
  const Tensor<double> centred = without_mean_row(x);
  const std::vector<double> mean = mean_sample(centred);
  double shared = 0, own = 0;  // sums of squares over all samples
  for (std::size_t i = 0; i < centred.size(); ++i) {
    const double common = mean[i % mean.size()], rest = centred.data()[i] - common;
    shared += common * common;
    own += rest * rest;
  }
  DepthPoint point;
  point.rank_one_residual.mean = norm_of(centred) / whole;
  point.positions.mean = std::sqrt(std::max(0.0, shared - own / (samples - 1))) / whole;
  point.tokens.mean = std::sqrt(own * samples / (samples - 1)) / whole;
  return point;
}

std::vector<DepthPoint> depth(const StackSizes& sizes, std::size_t samples, TorchGenerator& random) {
  std::map<std::pair<std::size_t, StackKind>, Numbers> numbers;
  for (std::size_t draw = 0; draw < sizes.draws; ++draw) {
    std::vector<LayerWeights<double>> weights;
    for (std::size_t i = 0; i < sizes.layers; ++i) weights.push_back(fresh_layer(sizes, random));
    const Tensor<double> input = tokens_at_positions(sizes, samples, random);
    for (const StackKind kind : kinds) {
      Tensor<double> x = input;
      for (std::size_t i = 0; i <= sizes.layers; ++i) {
        if (i > 0) x = next(x, weights[i - 1], sizes, kind);
        const DepthPoint point = shares_of(x);
        Numbers& here = numbers[{i, kind}];
        here.residual.push_back(point.rank_one_residual.mean);
        here.positions.push_back(point.positions.mean);
        here.tokens.push_back(point.tokens.mean);
      }
    }
  }
  std::vector<DepthPoint> points;
  for (const auto& [place, here] : numbers) {
    points.push_back({place.first, place.second, estimate(here.residual), estimate(here.positions), estimate(here.tokens)});
  }
  return points;
}

}  // namespace attn
