#include <attn/ops/wide_vectors.hpp>
#include <attn/verify/four_cells.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>

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
constexpr double fill_values = 1e5;  // and above

double counted_magnitude(double value) {
  const double magnitude = std::abs(value);
  return magnitude < fill_values ? magnitude : 0;
}

// The largest error of a float32 evaluation, and the largest magnitude.
struct Rounding {
  double error = 0, magnitude = 0;
};

ATTNSCOPE_WIDE_VECTORS void find_rounding(const double* exact, const float* single, std::size_t count, Rounding& found) {
  FourCells error = {}, size = {};
  for_four_cells(exact, single, count, [&](std::size_t, const FourCells& value, const FourCells& rounded) {
    const FourCells distance = magnitude(value - rounded), of_value = magnitude(value);
    const auto counts = (of_value < fill_values) & (distance - distance == 0);  // neither NaN nor an infinity
    raise(error, counts ? distance : FourCells{});
    raise(size, counts ? of_value : FourCells{});
  });
  found = {largest(error), largest(size)};
}

MultiheadWeights<float> narrowed(const MultiheadWeights<double>& w) {
  return {narrowed(w.w_q), narrowed(w.b_q), narrowed(w.w_k), narrowed(w.b_k), narrowed(w.w_v),
          narrowed(w.b_v), narrowed(w.bias_k), narrowed(w.bias_v), narrowed(w.w_o), narrowed(w.b_o)};
}

NormWeights<float> narrowed(const NormWeights<double>& w) { return {narrowed(w.gamma), narrowed(w.beta)}; }
ResidualWeights<float> narrowed(const ResidualWeights<double>& w) { return {narrowed(w.w_s), narrowed(w.b_s)}; }

AttentionBlockWeights<float> narrowed(const AttentionBlockWeights<double>& w) {
  return {narrowed(w.attention), narrowed(w.residual), narrowed(w.norm)};
}

LayerWeights<float> narrowed(const LayerWeights<double>& w) {
  const FeedForwardWeights<double>& maps = w.ffn.maps;
  LayerWeights<float> result{narrowed(w.self), std::nullopt,
                             {{narrowed(maps.w_gate), narrowed(maps.b_gate), narrowed(maps.w_1), narrowed(maps.b_1), narrowed(maps.w_2), narrowed(maps.b_2)},
                              narrowed(w.ffn.residual),
                              narrowed(w.ffn.norm)}};
  if (w.cross) result.cross = narrowed(*w.cross);
  return result;
}

MultiheadOptions<float> narrowed(const MultiheadOptions<double>& o) {
  MultiheadOptions<float> result;
  result.heads = o.heads;
  result.kv_heads = o.kv_heads;
  result.add_zero_attn = o.add_zero_attn;
  result.average_weights = o.average_weights;
  AttentionOptions<float>& a = result.attention;
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
  if (o.attention.rotary) a.rotary = RotaryPositions<float>{o.attention.rotary->options};
  a.dropout_keep = narrowed(o.attention.dropout_keep);
  a.dropout_p = o.attention.dropout_p;
  return result;
}

// Each number up or down by half a unit in the last place of float32, as the state of a generator says; the next state.
std::uint32_t move_by_rounding(Tensor<double>& tensor, std::uint32_t state) {
  for (double& value : tensor.storage()) {
    state = state * 1664525u + 1013904223u;  // the linear congruential generator of Numerical Recipes
    value *= 1 + ((state >> 31) != 0 ? 0.5 : -0.5) * static_cast<double>(std::numeric_limits<float>::epsilon());
  }
  return state;
}

}  // namespace

Problem<float> in_float32(const Problem<double>& problem) {
  Problem<float> result;
  result.sizes = problem.sizes;
  result.steps = problem.steps;
  result.output_shape = problem.output_shape;
  result.all_heads = problem.all_heads;
  result.own_memory = problem.own_memory;
  for (const auto& [step, tensor] : problem.inputs) result.inputs.emplace(step, narrowed(tensor));
  result.weights = Shared<MultiheadWeights<float>>::made_by([all = problem.weights] { return narrowed(*all); });
  result.options = narrowed(problem.options);
  if (!problem.layer) return result;
  auto layer = std::make_shared<LayerProblem<float>>();
  const LayerOptions<double>& options = problem.layer->options;
  layer->weights = narrowed(problem.layer->weights);
  layer->options = {narrowed(options.self), narrowed(options.cross), options.placement, options.norm, options.activation};
  for (const auto& [block, part] : problem.layer->blocks) layer->blocks.emplace(block, in_float32(part));
  result.layer = std::move(layer);
  return result;
}

Problem<double> moved_by_rounding(const Problem<double>& problem) {
  Problem<double> moved = problem;
  std::uint32_t state = 1;
  for (auto& [step, tensor] : moved.inputs) state = move_by_rounding(tensor, state);
  moved.weights = Shared<MultiheadWeights<double>>::made_by([all = problem.weights, state]() mutable {
    MultiheadWeights<double> w = *all;
    for (auto* map : {&w.w_q, &w.b_q, &w.w_k, &w.b_k, &w.w_v, &w.b_v, &w.bias_k, &w.bias_v, &w.w_o, &w.b_o}) {
      if (*map) state = move_by_rounding(**map, state);
    }
    return w;
  });
  return moved;
}

Tolerance rounding_tolerance(const Tensor<double>& exact, const Tensor<double>& from_rounded) {
  Tolerance tolerance = least_tolerance(exact);
  tolerance.atol = std::max(tolerance.atol, 16 * compare(exact, from_rounded, {0, 0, true}).max_abs);
  return tolerance;
}

Tolerance rounding_tolerance(const Tensor<double>& exact, const Tensor<float>& single) {
  Rounding seen;
  if (exact.size() == single.size()) find_rounding(exact.data(), single.data(), exact.size(), seen);
  return {float32_rtol, 4 * seen.error + float32_units * seen.magnitude, false};
}

Tolerance least_tolerance(const Tensor<double>& exact) {
  constexpr std::size_t most_cells = 65536;
  const std::size_t stride = exact.size() / most_cells + 1;
  double largest[cells_at_once] = {};  // which do not wait for each other
  const double* const cells = exact.data();
  for (std::size_t i = 0, lane = 0; i < exact.size(); i += stride, lane = (lane + 1) % cells_at_once) {
    largest[lane] = std::max(largest[lane], counted_magnitude(cells[i]));
  }
  return {float32_rtol, float32_units * *std::max_element(largest, largest + cells_at_once), false};
}

Tolerance half_unit(int decimals) {
  // A little more, because neither the decimal nor its distance to the true value is exact in binary.
  return {1e-12, 0.5 * std::pow(10.0, -decimals) * (1 + 1e-9), false};
}

std::map<Step, Tolerance> decimal_tolerances(const Problem<double>& problem, const std::map<Step, Tensor<double>>& ours,
                                             const std::map<Step, Tensor<double>>& theirs, int decimals) {
  const Tolerance half = half_unit(decimals);
  const double unit = std::pow(10.0, -decimals);
  std::map<Step, Tolerance> tolerances;
  std::map<Step, Tensor<double>> rounded;
  Evaluator<double> run(problem);
  for (const auto& [step, tensor] : ours) {
    const Difference change = compare(tensor, problem.inputs.count(step) ? tensor : run.compute(step), half);
    tolerances[step] = {half.rtol, half.atol + 2 * change.max_abs, false};
    const auto found = theirs.find(step);
    if (found == theirs.end()) continue;
    Tensor<double>& known = rounded[step] = found->second;
    Tolerance same = half;
    same.equal_nan = true;
    if (compare(tensor, known, same).status != Status::match) {
      known = tensor;
      for (double& value : known.storage()) value = std::isfinite(value) ? std::round(value / unit) * unit : value;
    }
    run.know(step, known);
  }
  return tolerances;
}

}  // namespace attn
