// W1–W7, S5, T2: softmax, dropout, what is exported, and reduced precision.
#include <attn/ops/stages.hpp>
#include <attn/random.hpp>
#include <attn/verify/median_ratio.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/precision.hpp>
#include <attn/verify/rearrange.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

// What becomes of cells that are divided by one sum where a rule forbids all of them: 0 over 0 in a program, or zeros where
// it looks for that.
enum class Forbidden { nan, zero };

// Which cells of a row of scores [B, H, Lq, Lk] are divided by one sum: cells with equal key(b, h, i, j). Impossible with
// NaN where no sum is empty.
template <class Key>
Result softmax_over(Run& run, Forbidden forbidden, Key key) {
  const Tensor<double>& scores = run.get(S::scores_masked);
  const auto each = [&](auto f) {
    std::size_t flat = 0;
    for (std::size_t b = 0; b < scores.shape(0); ++b) {
      for (std::size_t h = 0; h < scores.shape(1); ++h) {
        for (std::size_t i = 0; i < scores.shape(2); ++i) {
          for (std::size_t j = 0; j < scores.shape(3); ++j) f(key(scores, b, h, i, j), flat++);
        }
      }
    }
  };
  std::size_t groups = 0;
  each([&](std::size_t group, std::size_t) { groups = std::max(groups, group + 1); });
  std::vector<double> max(groups, minus_infinity), sum(groups, 0.0);
  each([&](std::size_t group, std::size_t flat) {
    const double score = scores.data()[flat];
    if (score > max[group] || std::isnan(score)) max[group] = score;  // one NaN is enough for all
  });
  const bool any_empty = std::find(max.begin(), max.end(), minus_infinity) != max.end();
  if (forbidden == Forbidden::nan && !any_empty) return std::nullopt;
  const double of_nothing = forbidden == Forbidden::nan ? std::numeric_limits<double>::quiet_NaN() : 0;
  Tensor<double> weights = scores;
  each([&](std::size_t group, std::size_t flat) {
    weights.data()[flat] = max[group] == minus_infinity ? of_nothing : std::exp(scores.data()[flat] - max[group]);
    sum[group] += weights.data()[flat];
  });
  each([&](std::size_t group, std::size_t flat) {
    if (sum[group] > 0) weights.data()[flat] /= sum[group];
  });
  return weights;
}

template <Forbidden forbidden>
Result over_queries(Run& run, Step, const Tensor<double>*) {
  return softmax_over(run, forbidden, [](const auto& s, auto b, auto h, auto, auto j) { return (b * s.shape(1) + h) * s.shape(3) + j; });
}
template <Forbidden forbidden>
Result over_batch(Run& run, Step, const Tensor<double>*) {
  return softmax_over(run, forbidden, [](const auto& s, auto, auto h, auto i, auto j) { return (h * s.shape(2) + i) * s.shape(3) + j; });
}
template <Forbidden forbidden>
Result over_heads(Run& run, Step, const Tensor<double>*) {
  return softmax_over(run, forbidden, [](const auto& s, auto b, auto, auto i, auto j) { return (b * s.shape(2) + i) * s.shape(3) + j; });
}
template <Forbidden forbidden>
Result over_heads_and_keys(Run& run, Step, const Tensor<double>*) {
  return softmax_over(run, forbidden, [](const auto& s, auto b, auto, auto i, auto) { return b * s.shape(2) + i; });
}

// exp without subtracting the maximum, in float32: infinite beyond 88.7.
Result without_maximum(Run& run, Step, const Tensor<double>*) {
  const Tensor<double>& scores = run.get(S::scores_masked);
  Tensor<double> weights = scores;
  const std::size_t keys = scores.shape(3);
  bool overflow = false;
  for (std::size_t row = 0; keys > 0 && row < scores.size() / keys; ++row) {
    float sum = 0;
    for (std::size_t j = 0; j < keys; ++j) {
      const float power = std::exp(static_cast<float>(scores.data()[row * keys + j]));
      overflow = overflow || std::isinf(power);
      weights.data()[row * keys + j] = static_cast<double>(power);
      sum += power;
    }
    for (std::size_t j = 0; j < keys; ++j) weights.data()[row * keys + j] /= static_cast<double>(sum);
  }
  if (!overflow) return std::nullopt;
  return weights;
}

// Dropout that should be off: the rate is read off the ratios, or is one half.
Result dropout_active(Run& run, Step step, const Tensor<double>* theirs) {
  if (run.problem().has(S::weights_dropped)) return std::nullopt;
  Tensor<double> weights = run.compute(step);
  // In padding that is left out ours stands.
  const std::optional<double> kept_factor = theirs ? median_ratio_of_changed(*theirs, weights) : 2;
  if (!(kept_factor.value_or(0) > 1.001)) return std::nullopt;
  TorchGenerator random(0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const bool dropped = theirs ? theirs->data()[i] == 0 : random.uniform_double() < 0.5;
    weights.data()[i] = dropped ? 0 : weights.data()[i] * *kept_factor;
  }
  return weights;
}

Result averaged(Run& run, Step, const Tensor<double>*) {
  const Tensor<double> own = run.compute(S::weights);
  if (own.shape(1) < 2) return std::nullopt;
  return mean_over_heads(own);
}

// The mean in every head's place.
Result averaged_in_place(Run& run, Step, const Tensor<double>*) {
  const Tensor<double> own = run.compute(S::weights);
  if (own.shape(1) < 2) return std::nullopt;
  const Tensor<double> mean = mean_over_heads(own);
  return fill_cells(shape_of(own), [&](auto b, auto, auto i, auto j) { return mean(b, i, j); });
}

// Weights of half-precision exponentials, renormalised.
Mistaken softmax_in(Mantissa mantissa) {
  return [mantissa](Run& run, Step, const Tensor<double>*) -> Result {
    const Tensor<double> scores = rounded_to(run.get(S::scores_masked), mantissa);
    return rounded_to(softmax(scores).weights, mantissa);
  };
}

// exp(x) as (1 + x/256)^256: eight squarings.
Result approximate(Run& run, Step, const Tensor<double>*) {
  const Tensor<double>& scores = run.get(S::scores_masked);
  Tensor<double> weights = scores;
  const std::size_t keys = scores.shape(3);
  for (std::size_t row = 0; keys > 0 && row < scores.size() / keys; ++row) {
    double* cells = weights.data() + row * keys;
    const double top = *std::max_element(cells, cells + keys);
    if (!std::isfinite(top)) return std::nullopt;
    double sum = 0;
    for (std::size_t j = 0; j < keys; ++j) sum += cells[j] = std::pow(std::max(0.0, 1 + (cells[j] - top) / 256), 256);
    for (std::size_t j = 0; j < keys; ++j) cells[j] /= sum;
  }
  return weights;
}

Result all_ones(Run& run, Step, const Tensor<double>*) { return filled<double>(shape_of(run.compute(S::weights)), 1.0); }

Result exported_transposed(Run& run, Step, const Tensor<double>*) { return swap_axes(run.compute(S::weights), 2, 3); }

// W6 in eleven or in eight significant bits.
Mistake softmax_row(const char* format, Mantissa mantissa, double last_digit) {
  Mistake row{"W6", format, {S::weights}, softmax_in(mantissa)};
  row.last_digit = last_digit;
  return row;
}

}  // namespace

std::vector<Mistake> softmax_mistakes() {
  const std::vector<Step> weights = {S::weights};
  return {
      {"W1", "over queries", weights, over_queries<Forbidden::zero>},
      {"W1", "over queries, NaN", weights, over_queries<Forbidden::nan>},
      {"W1", "over the batch", weights, over_batch<Forbidden::zero>},
      {"W1", "over the batch, NaN", weights, over_batch<Forbidden::nan>},
      {"W2", "over heads", weights, over_heads<Forbidden::zero>},
      {"W2", "over heads, NaN", weights, over_heads<Forbidden::nan>},
      {"W2", "over heads and keys", weights, over_heads_and_keys<Forbidden::zero>},
      {"W2", "over heads and keys, NaN", weights, over_heads_and_keys<Forbidden::nan>},
      {"W3", "", weights, without_maximum},
      {"W4", "", weights, dropout_active},
      {"W5", "", weights, averaged, Effect::shows},
      {"W5", "in every head's place", weights, averaged_in_place, Effect::shows},
      softmax_row("float16", Mantissa::float16, 0x1p-10),
      softmax_row("bfloat16", Mantissa::bfloat16, 0x1p-7),
      {"W6", "(1 + x/256)^256", weights, approximate},
      {"W7", "", weights, all_ones},
      {"S5", "", weights, exported_transposed, Effect::shows},
  };
}

}  // namespace attn
