#include <attn/cost/measure.hpp>
#include <attn/ops/convolution.hpp>
#include <attn/ops/linear_attention.hpp>
#include <attn/ops/recurrent.hpp>
#include <attn/ops/softmax.hpp>
#include <attn/transpose.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>

namespace attn::cost {
namespace {

// The widest of the default widths where the cache is small or unknown: a map of 1 MiB.
constexpr Count smallest_widest = 512;

// Numbers in (-1, 1)·scale, the same in every run.
Tensor<float> random_tensor(const Shape& shape, float scale, std::uint32_t seed) {
  Tensor<float> tensor = empty<float>(shape);
  for (float& value : tensor.storage()) {
    seed = seed * 1664525u + 1013904223u;
    value = scale * (static_cast<float>(seed >> 8) / 8388608.0f - 1.0f);
  }
  return tensor;
}

/// Attention by blocks of queries, so that its scores stay in the caches whatever the length: with all n²
/// of them at once the time would tell how the system hands out memory.
struct Attention {
  static constexpr std::size_t block = 64;
  Tensor<float> q, k, v;

  void run() const {
    const std::size_t n = q.shape(0), d = q.shape(1);
    const float scale = 1 / std::sqrt(static_cast<float>(d));
    Tensor<float> key_columns = empty<float>({d, n}), output = empty<float>({n, d});
    transpose(k.data(), key_columns.data(), n, d);
    for (std::size_t start = 0; start < n; start += block) {
      const std::size_t rows = std::min(block, n - start);
      Tensor<float> scores = empty<float>({rows, n});
      blas_multiply(q.data() + start * d, key_columns.data(), scores.data(), rows, d, n);
      for (float& score : scores.storage()) score *= scale;
      const SoftmaxSteps<float> softmaxed = softmax(scores);
      blas_multiply(softmaxed.weights.data(), v.data(), output.data() + start * d, rows, n, d);
    }
  }
};

template <class Recurrence>
std::function<void()> recurrent_workload(std::size_t n, std::size_t d, std::size_t gates, Recurrence recurrence) {
  // Maps of norm about one keep the states away from saturation and from denormal numbers.
  const float scale = 1 / std::sqrt(static_cast<float>(d));
  auto x = std::make_shared<Tensor<float>>(random_tensor({n, d}, 1, 1));
  auto weights = std::make_shared<RecurrentWeights<float>>();
  weights->w = random_tensor({d, gates * d}, scale, 2);
  weights->u = random_tensor({gates, d, d}, scale, 3);
  return [x, weights, recurrence]() { recurrence(*x, *weights, Products::blas); };
}

}  // namespace

const std::vector<Layer>& measurable_layers() {
  static const std::vector<Layer> layers = {Layer::convolution, Layer::rnn,            Layer::gru,
                                            Layer::lstm,        Layer::self_attention, Layer::linear_attention};
  return layers;
}

Polynomial measured_flops(Layer layer) {
  const LayerOperations operations = operations_of(layer);
  const bool without_maps = layer == Layer::self_attention || layer == Layer::linear_attention;
  const Operations run = without_maps ? operations.core : operations.total();
  // One head, whatever --heads says elsewhere.
  return (run.multiplications + run.additions).with(Letter::h, 1);
}

Polynomial measured_bytes(Layer layer) {
  const Polynomial n = Letter::n, d = Letter::d, k = Letter::k;
  if (layer == Layer::self_attention) return 4 * (4 * n * d + 2 * n * n);
  // Queries, keys, values, output; the features of both; S, z and the denominators.
  if (layer == Layer::linear_attention) return 4 * (6 * n * d + d * d + d + n);
  const LayerInfo& row = layer_info(layer);
  Polynomial numbers = n * d + row.parameters + row.activations;
  if (layer == Layer::convolution) numbers += k * n * d;  // the patches
  return 4 * numbers;
}

std::function<void()> make_workload(Layer layer, const Values& values) {
  const auto n = static_cast<std::size_t>(values[Letter::n]), d = static_cast<std::size_t>(values[Letter::d]);
  const auto k = static_cast<std::size_t>(values[Letter::k]);
  switch (layer) {
    case Layer::convolution: {
      auto x = std::make_shared<Tensor<float>>(random_tensor({n, d}, 1, 1));
      auto kernel = std::make_shared<Tensor<float>>(random_tensor({k, d, d}, 1, 2));
      return [x, kernel]() { convolution(*x, *kernel, 1, Products::blas); };
    }
    case Layer::rnn: return recurrent_workload(n, d, 1, rnn<float>);
    case Layer::gru: return recurrent_workload(n, d, 3, gru<float>);
    case Layer::lstm: return recurrent_workload(n, d, 4, lstm<float>);
    case Layer::self_attention: {
      auto inputs = std::make_shared<Attention>(
          Attention{random_tensor({n, d}, 1, 1), random_tensor({n, d}, 1, 2), random_tensor({n, d}, 1, 3)});
      return [inputs]() { inputs->run(); };
    }
    case Layer::linear_attention: {
      auto inputs = std::make_shared<Attention>(
          Attention{random_tensor({n, d}, 1, 1), random_tensor({n, d}, 1, 2), random_tensor({n, d}, 1, 3)});
      return [inputs]() { linear_attention(inputs->q, inputs->k, inputs->v, Products::blas); };
    }
    default: throw std::invalid_argument("no workload for this layer");
  }
}

std::vector<std::vector<double>> time_cases(const std::vector<TimedCase>& cases, const Repetition& repetition,
                                            const std::function<void(std::size_t index)>& progress) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_of = [&](const TimedCase& one, std::size_t times) {
    const Clock::time_point start = Clock::now();
    for (std::size_t i = 0; i < times; ++i) one.run();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto begin = [&](std::size_t index) {
    if (progress) progress(index);
    if (cases[index].prepare) cases[index].prepare();
  };
  std::vector<std::size_t> times(cases.size(), 1);
  for (std::size_t index = 0; index < cases.size(); ++index) {
    begin(index);
    double once = 0;
    for (std::size_t i = 0; i < std::max<std::size_t>(repetition.warm_ups, 1); ++i) once = seconds_of(cases[index], 1);
    times[index] = static_cast<std::size_t>(std::max(1.0, std::ceil(repetition.shortest / std::max(once, 1e-7))));
  }
  std::vector<std::vector<double>> samples(cases.size());
  for (std::size_t round = 0; round < repetition.repetitions; ++round) {
    for (std::size_t index = 0; index < cases.size(); ++index) {
      begin(index);
      samples[index].push_back(seconds_of(cases[index], times[index]) / static_cast<double>(times[index]));
    }
  }
  return samples;
}

std::vector<Count> default_widths(std::size_t cache) {
  const auto fits = [cache](Count width) { return 3 * Count{4} * width * width <= static_cast<Count>(cache); };
  Count largest = smallest_widest;
  // 512, 768, 1024, 1536, …
  while (fits(largest * 3 / 2)) largest = fits(largest * 2) ? largest * 2 : largest * 3 / 2;
  const Count first = largest / 8;
  // Seven widths rather than four: the margin of an exponent shrinks with their number.
  return {first, first * 3 / 2, first * 2, first * 3, first * 4, first * 6, largest};
}

}  // namespace attn::cost
