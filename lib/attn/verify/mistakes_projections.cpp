// P1–P4, P6–P8, S3, S4, H3: the linear maps, and which tensor goes into which of them.
#include <attn/transpose.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/rearrange.hpp>

#include <cmath>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;
using Matrix = std::optional<Tensor<double>>;

// One linear map of the module: its step, where it reads, its parameters.
struct Map {
  Step step;
  std::vector<Step> sources;
  Matrix MultiheadWeights<double>::*w;
  Matrix MultiheadWeights<double>::*b;
  const char* letter;
};

const std::vector<Map>& maps() {
  using W = MultiheadWeights<double>;
  static const std::vector<Map> table = {
      {S::q_proj, {S::x}, &W::w_q, &W::b_q, "q"},
      {S::k_proj, {S::memory, S::x}, &W::w_k, &W::b_k, "k"},
      {S::v_proj, {S::memory_value, S::memory, S::x}, &W::w_v, &W::b_v, "v"},
      {S::output, {S::merged}, &W::w_o, &W::b_o, "o"},
  };
  return table;
}

const Matrix& matrix_of(const Run& run, const Map& map) { return (*run.problem().weights).*map.w; }
const Matrix& bias_of(const Run& run, const Map& map) { return (*run.problem().weights).*map.b; }

const Map& map_of(Step step) {
  for (const Map& map : maps()) {
    if (map.step == step) return map;
  }
  return maps().front();
}

const Tensor<double>& source_of(Run& run, const Map& map) {
  for (const Step source : map.sources) {
    if (run.problem().has(source)) return run.get(source);
  }
  return run.get(S::x);
}

Result in_output_shape(Run& run, Step step, Tensor<double> mapped) {
  if (step == S::output && run.problem().output_shape.size() == 2) {
    return reshaped(std::move(mapped), {mapped.shape(1), mapped.shape(2)});
  }
  return mapped;
}

Result mapped_with(Run& run, Step step, const Tensor<double>& source, const Matrix& w, const Matrix& b) {
  if (w && w->shape(0) != source.shape().back()) return std::nullopt;
  if (b && b->size() != (w ? w->shape(1) : source.shape().back())) return std::nullopt;
  return in_output_shape(run, step, linear(source, w, b, "map"));
}

// The map with its matrix transposed; only a square one can be confused.
Result with_transposed(Run& run, Step step, const Tensor<double>*) {
  const Map& map = map_of(step);
  const Matrix& w = matrix_of(run, map);
  if (!w || w->shape(0) != w->shape(1)) return std::nullopt;
  return mapped_with(run, step, source_of(run, map), transposed(*w), bias_of(run, map));
}

Result without_bias(Run& run, Step step, const Tensor<double>*) {
  const Map& map = map_of(step);
  if (!bias_of(run, map)) return std::nullopt;
  return mapped_with(run, step, source_of(run, map), matrix_of(run, map), std::nullopt);
}

Result without_map(Run& run, Step step, const Tensor<double>*) {
  const Map& map = map_of(step);
  const auto& weights = *run.problem().weights;
  if (!(weights.*map.w)) return std::nullopt;
  const Tensor<double>& source = source_of(run, map);
  if (source.shape().back() != (weights.*map.w)->shape(1)) return std::nullopt;
  return in_output_shape(run, step, source);
}

// Every map reads its own source but the parameters of another: order[i] is whose. Impossible unless
// all the maps that are exchanged have the same shape.
Mistaken with_parameters_of(std::vector<std::size_t> order) {
  return [order](Run& run, Step step, const Tensor<double>*) -> Result {
    const auto& weights = *run.problem().weights;
    Result result;
    for (std::size_t i = 0; i < 3; ++i) {
      if (order[i] == i) continue;
      const Matrix &own = weights.*maps()[i].w, &other = weights.*maps()[order[i]].w;
      if (!own || !other || shape_of(*own) != shape_of(*other)) return std::nullopt;
      if (maps()[i].step == step) result = mapped_with(run, step, source_of(run, maps()[i]), other, weights.*maps()[order[i]].b);
    }
    return result;
  };
}

// Queries from the memory, keys and values from the input.
Result exchanged_sources(Run& run, Step step, const Tensor<double>*) {
  if (!run.problem().has(S::memory) || run.problem().has(S::memory_value)) return std::nullopt;
  const Map& map = map_of(step);
  const Tensor<double>& source = run.get(step == S::q_proj ? S::memory : S::x);
  return mapped_with(run, step, source, matrix_of(run, map), bias_of(run, map));
}

// Packed columns [q | k | v] read as [H, 3, D] or [H, D, 3] instead of [3, H, D].
Mistaken unpacked_as(bool three_before_width) {
  return [=](Run& run, Step step, const Tensor<double>*) -> Result {
    const auto& problem = run.problem();
    const std::size_t heads = problem.options.heads, width = problem.sizes.head_dim, all = heads * width;
    if (problem.options.kv_heads != heads || problem.sizes.value_dim != width) return std::nullopt;
    const Tensor<double>& source = source_of(run, map_of(step));
    Tensor<double> packed[3];
    for (std::size_t i = 0; i < 3; ++i) {
      const Result mapped = mapped_with(run, step, source, matrix_of(run, maps()[i]), bias_of(run, maps()[i]));
      if (!mapped) return std::nullopt;
      packed[i] = *mapped;
    }
    const std::size_t own = static_cast<std::size_t>(step == S::k_proj) + 2 * static_cast<std::size_t>(step == S::v_proj);
    Tensor<double> result = packed[own];
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::size_t row = i / all, h = i % all / width, d = i % width;
      const std::size_t column = three_before_width ? (h * 3 + own) * width + d : (h * width + d) * 3 + own;
      result.data()[i] = packed[column / all].data()[row * all + column % all];
    }
    return result;
  };
}

// A bias that ours does not have: the same offset in every row, read off the first one.
Result with_extra_bias(Run& run, Step step, const Tensor<double>* theirs) {
  const Tensor<double> own = run.compute(step);
  const std::size_t width = own.shape().back();
  if (!theirs || shape_of(*theirs) != shape_of(own) || own.size() < 2 * width) return std::nullopt;
  Tensor<double> result = own;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const double offset = theirs->data()[i % width] - own.data()[i % width];
    if (!std::isfinite(offset)) return std::nullopt;
    result.data()[i] += offset;
  }
  return result;
}

// Each head sees its own slice of the input only: blocks of W off the diagonal are left out.
Result sliced_by_head(Run& run, Step step, const Tensor<double>*) {
  const Map& map = map_of(step);
  const auto& problem = run.problem();
  const Matrix& w = matrix_of(run, map);
  const std::size_t heads = step == S::q_proj ? problem.options.heads : problem.options.kv_heads;
  if (!w || heads < 2 || w->shape(0) % heads != 0) return std::nullopt;
  const std::size_t in = w->shape(0) / heads, out = w->shape(1) / heads;
  Tensor<double> blocks = *w;
  for (std::size_t row = 0; row < w->shape(0); ++row) {
    for (std::size_t column = 0; column < w->shape(1); ++column) {
      if (row / in != column / out) blocks(row, column) = 0;
    }
  }
  return mapped_with(run, step, source_of(run, map), blocks, bias_of(run, map));
}

Result values_from_keys(Run& run, Step, const Tensor<double>*) {
  const auto& problem = run.problem();
  if (problem.sizes.head_dim != problem.sizes.value_dim) return std::nullopt;
  return run.get(S::k_proj);
}

Result values_from_split_keys(Run& run, Step, const Tensor<double>*) {
  const auto& problem = run.problem();
  if (!problem.has(S::v_proj) || problem.sizes.head_dim != problem.sizes.value_dim) return std::nullopt;
  return run.get(S::k);
}

// The weights average the keys: weights @ k.
Result keys_averaged(Run& run, Step step, const Tensor<double>*) {
  const auto& problem = run.problem();
  if (problem.sizes.head_dim != problem.sizes.value_dim) return std::nullopt;
  Evaluator<double> of_keys(problem);
  for (const Step operand : operands_of(step)) {
    const Step read = operand == S::v ? S::k : operand == S::present_value ? S::present_key : operand;
    if (problem.has(operand)) of_keys.know(operand, run.get(read));
  }
  return of_keys.compute(step);
}

// The batch axis is taken for the sequence: positions of different samples attend to each other.
Result batch_as_sequence(Run& run, Step step, const Tensor<double>*) {
  if (step == S::merged) return swap_axes(run.compute(step), 0, 1);
  const Tensor<double> own = run.compute(step);
  return swap_axes(own, 0, 2);  // (B, H, L, D) -> (L, H, B, D)
}

// Sample 0 stands in for every sample.
Result first_sample_for_all(Run& run, Step step, const Tensor<double>*) {
  Tensor<double> tensor = run.compute(step);
  const std::size_t batch = tensor.shape(0);
  if (batch < 2) return std::nullopt;
  const std::size_t size = tensor.size() / batch;
  for (std::size_t b = 1; b < batch; ++b) std::copy_n(tensor.data(), size, tensor.data() + b * size);
  return tensor;
}

}  // namespace

std::vector<Mistake> projection_mistakes() {
  const std::vector<Step> inputs = {S::q_proj, S::k_proj, S::v_proj};
  std::vector<Mistake> rows = {
      {"P1", "q, k and v", inputs, with_transposed},
      {"P1", "q", {S::q_proj}, with_transposed},
      {"P1", "k", {S::k_proj}, with_transposed},
      {"P1", "v", {S::v_proj}, with_transposed},
      {"P2", "q and k exchanged", inputs, with_parameters_of({1, 0, 2})},
      {"P2", "q and v exchanged", inputs, with_parameters_of({2, 1, 0})},
      {"P2", "k and v exchanged", inputs, with_parameters_of({0, 2, 1})},
      {"P2", "order k, v, q", inputs, with_parameters_of({1, 2, 0})},
      {"P2", "order v, q, k", inputs, with_parameters_of({2, 0, 1})},
      {"P3", "all biases", {S::q_proj, S::k_proj, S::v_proj, S::output}, without_bias},
      {"P3", "q, k and v", inputs, without_bias},
      {"P3", "q", {S::q_proj}, without_bias},
      {"P3", "k", {S::k_proj}, without_bias, Effect::computes, true},
      {"P3", "v", {S::v_proj}, without_bias},
      {"P3", "output", {S::output}, without_bias},
      {"P3", "extra", {S::q_proj}, with_extra_bias, Effect::computes, false, true},
      {"P3", "extra", {S::k_proj}, with_extra_bias, Effect::computes, false, true},
      {"P3", "extra", {S::v_proj}, with_extra_bias, Effect::computes, false, true},
      {"P3", "extra", {S::output}, with_extra_bias, Effect::computes, false, true},
      {"P4", "[H, 3, D]", inputs, unpacked_as(true)},
      {"P4", "[H, D, 3]", inputs, unpacked_as(false)},
      {"P6", "", inputs, exchanged_sources},
      {"P7", "values are the input", {S::v_proj}, without_map},
      {"P7", "values are the keys", {S::v_proj}, values_from_keys},
      {"P7", "values are the keys", {S::v}, values_from_split_keys},
      {"P7", "the keys are averaged", {S::heads}, keys_averaged},
      {"P8", "missing", {S::output}, without_map},
      {"P8", "transposed", {S::output}, with_transposed},
      {"H3", "", inputs, sliced_by_head},
      {"S3", "", {S::q, S::k, S::v, S::merged}, batch_as_sequence},
      {"S4", "queries, keys and values", {S::q, S::k, S::v}, first_sample_for_all},
      {"S4", "keys and values", {S::k, S::v}, first_sample_for_all},
      {"S4", "the source of keys and values", {S::k_proj, S::v_proj}, first_sample_for_all},
      {"S4", "mask", {S::mask}, first_sample_for_all},
  };
  return rows;
}

}  // namespace attn
