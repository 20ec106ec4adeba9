#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace attn {
namespace {

Tensor<float> narrowed(const Tensor<double>& tensor) {
  Tensor<float> result = empty<float>(shape_of(tensor));
  std::transform(tensor.data(), tensor.data() + tensor.size(), result.data(), [](double value) { return static_cast<float>(value); });
  return result;
}

std::optional<Tensor<float>> narrowed(const std::optional<Tensor<double>>& tensor) {
  if (!tensor) return std::nullopt;
  return narrowed(*tensor);
}

constexpr double float32_rtol = 1.3e-6;  // PyTorch's
constexpr double float32_units = 8 * static_cast<double>(std::numeric_limits<float>::epsilon());

// A fill value such as -1e9 is no measure of how large the other numbers are; neither is an infinity.
double counted_magnitude(double value) {
  const double magnitude = std::abs(value);
  return magnitude < 1e5 ? magnitude : 0;
}

}  // namespace

Problem<float> in_float32(const Problem<double>& problem) {
  Problem<float> result;
  result.sizes = problem.sizes;
  result.steps = problem.steps;
  result.output_shape = problem.output_shape;
  result.all_heads = problem.all_heads;
  for (const auto& [step, tensor] : problem.inputs) result.inputs.emplace(step, narrowed(tensor));
  const MultiheadWeights<double>& w = problem.weights;
  result.weights = {narrowed(w.w_q), narrowed(w.b_q), narrowed(w.w_k), narrowed(w.b_k), narrowed(w.w_v),
                    narrowed(w.b_v), narrowed(w.bias_k), narrowed(w.bias_v), narrowed(w.w_o), narrowed(w.b_o)};
  const MultiheadOptions<double>& o = problem.options;
  result.options.heads = o.heads;
  result.options.kv_heads = o.kv_heads;
  result.options.add_zero_attn = o.add_zero_attn;
  result.options.average_weights = o.average_weights;
  AttentionOptions<float>& a = result.options.attention;
  a.scale = o.attention.scale;
  a.softcap = o.attention.softcap;
  a.mask.causal = o.attention.mask.causal;
  a.mask.align = o.attention.mask.align;
  a.mask.valid_lens = o.attention.mask.valid_lens;
  a.mask.window = o.attention.mask.window;
  a.mask.given = narrowed(o.attention.mask.given);
  a.mask.exempt_keys = o.attention.mask.exempt_keys;
  a.mask_fill = static_cast<float>(o.attention.mask_fill);
  a.masked_rows = o.attention.masked_rows;
  a.dropout_keep = narrowed(o.attention.dropout_keep);
  a.dropout_p = o.attention.dropout_p;
  return result;
}

Problem<double> moved_by_rounding(const Problem<double>& problem) {
  Problem<double> moved = problem;
  std::uint32_t state = 1;
  const auto move = [&state](Tensor<double>& tensor) {
    for (double& value : tensor.storage()) {
      state = state * 1664525u + 1013904223u;  // the linear congruential generator of Numerical Recipes
      value *= 1 + ((state >> 31) != 0 ? 0.5 : -0.5) * static_cast<double>(std::numeric_limits<float>::epsilon());
    }
  };
  for (auto& [step, tensor] : moved.inputs) move(tensor);
  MultiheadWeights<double>& w = moved.weights;
  for (auto* map : {&w.w_q, &w.b_q, &w.w_k, &w.b_k, &w.w_v, &w.b_v, &w.bias_k, &w.bias_v, &w.w_o, &w.b_o}) {
    if (*map) move(**map);
  }
  return moved;
}

Tolerance rounding_tolerance(const Tensor<double>& exact, const Tensor<float>& single) {
  double error = 0, magnitude = 0;
  for (std::size_t i = 0; i < exact.size() && exact.size() == single.size(); ++i) {
    const double value = exact.data()[i], rounded = static_cast<double>(single.data()[i]);
    if (!std::isfinite(value) || !std::isfinite(rounded)) continue;
    magnitude = std::max(magnitude, counted_magnitude(value));
    if (counted_magnitude(value) == std::abs(value)) error = std::max(error, std::abs(value - rounded));
  }
  return {float32_rtol, 4 * error + float32_units * magnitude, false};
}

Tolerance least_tolerance(const Tensor<double>& exact) {
  constexpr std::size_t most_cells = 65536;
  const std::size_t stride = exact.size() / most_cells + 1;
  double magnitude = 0;
  for (std::size_t i = 0; i < exact.size(); i += stride) magnitude = std::max(magnitude, counted_magnitude(exact.data()[i]));
  return {float32_rtol, float32_units * magnitude, false};
}

}  // namespace attn
