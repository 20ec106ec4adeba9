#include "encoding_runs.hpp"

#include <attn/ops/position_relative.hpp>
#include <attn/verify/posenc_rope.hpp>
#include <attn/verify/posenc_variant.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace attn::tools {
namespace {

using posenc::Candidate;
using posenc::EncodingRun;
using posenc::Identification;
using posenc::Tensors;

constexpr double float32_unit = std::numeric_limits<float>::epsilon();

double largest_magnitude(const Tensor<double>& tensor) {
  double largest = 0;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    if (std::isfinite(tensor.data()[i])) largest = std::max(largest, std::abs(tensor.data()[i]));
  }
  return largest;
}

std::vector<posenc::Deviation> usual_of(const SinusoidalOptions& options) {
  return posenc::deviations_of(posenc::variant_of(options), sinusoidal_columns(options).size());
}

// The distance from 0 of the position that a variant begins with.
std::uint64_t first_position(const std::vector<posenc::Deviation>& deviations) {
  for (const posenc::Deviation& one : deviations) {
    if (one.kind == "offset") return static_cast<std::uint64_t>(std::abs(std::strtoll(one.found.c_str(), nullptr, 10)));
  }
  return 0;
}

// X with the same rows added to every sample.
Tensor<double> sum_of(Tensor<double> x, const Tensor<double>& table) {
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] += table.data()[i % table.size()];
  return x;
}

Tensor<double> omegas(const SinusoidalOptions& options) {
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  Tensor<double> result = empty<double>({frequencies.size()});
  std::transform(frequencies.begin(), frequencies.end(), result.data(), [](const Frequency& f) { return f.radians(); });
  return result;
}

Tensor<double> rotation_matrices(const SinusoidalOptions& options, std::int64_t delta) {
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  Tensor<double> result = empty<double>({frequencies.size(), 2, 2});
  for (std::size_t j = 0; j < frequencies.size(); ++j) {
    const SinCos<double> angle = frequencies[j].at<double>(delta);
    result(j, 0, 0) = result(j, 1, 1) = angle.cos;
    result(j, 0, 1) = angle.sin;
    result(j, 1, 0) = -angle.sin;
  }
  return result;
}

// The options with one thing different, for steps that are made of the frequencies.
std::vector<Candidate> candidates_of(const SinusoidalOptions& options, const std::function<Tensors(const SinusoidalOptions&)>& run) {
  std::vector<Candidate> candidates;
  const auto add = [&](posenc::Deviation deviation, const SinusoidalOptions& other) {
    candidates.push_back({std::move(deviation), [run, other] { return run(other); }});
  };
  SinusoidalOptions other = options;
  other.denominator = options.denominator == Denominator::width ? Denominator::width_minus_2 : Denominator::width;
  add({"E3", "width_minus_2"}, other);
  other = options;
  other.base = options.base * options.base;  // base^(-4j/d)
  add({"E4", "doubled"}, other);
  for (const double base : {100.0, 500.0, 1000.0, 10000.0, 100000.0, 500000.0, 1000000.0}) {
    if (base == options.base) continue;
    other = options;
    other.base = base;
    add({"E6", "base", posenc::short_number(base), posenc::short_number(options.base)}, other);
  }
  return candidates;
}

}  // namespace

EncodingRun sinusoidal_run(const SinusoidalOptions& options, std::size_t len, const std::optional<Tensor<double>>& x) {
  EncodingRun run;
  const double rounding = posenc::rounding_at(options.offset + len);
  run.usual = usual_of(options);
  const Tensor<double> table = sinusoidal<double>(len, options);
  if (x) run.steps.push_back({Step::x, *x, float32_unit * largest_magnitude(*x), true});
  run.steps.push_back({Step::pos_encoding, table, rounding});
  if (x) {
    const auto add = [](const Tensors& earlier) { return sum_of(earlier.at(Step::x), earlier.at(Step::pos_encoding)); };
    run.steps.push_back({Step::x_plus_p, sum_of(*x, table), rounding + 2 * float32_unit * largest_magnitude(*x), false, add});
  }
  run.identify = [](Step step, const Tensors& tensors) {
    if (step == Step::pos_encoding) return posenc::identify_sinusoidal(tensors.at(step));
    if (step == Step::x_plus_p) return posenc::identify_sum(tensors.at(step), tensors.at(Step::x));
    return Identification{};
  };
  return run;
}

EncodingRun similarity_run(const Tensor<double>& table, const SinusoidalOptions* options) {
  EncodingRun run;
  const double rounding = options ? posenc::rounding_at(options->offset + table.shape(0)) : float32_unit * largest_magnitude(table);
  const auto dots = [](const Tensors& earlier) { return similarity(earlier.at(Step::pos_encoding)).dots; };
  const Tensor<double> ours = similarity(table).dots;
  run.steps = {{Step::pos_encoding, table, rounding},
               {Step::position_dots, ours, 2 * rounding * static_cast<double>(table.shape(1)) * largest_magnitude(table) + 8 * float32_unit * largest_magnitude(ours), false, dots}};
  if (!options) return run;
  run.usual = usual_of(*options);
  run.identify = [](Step step, const Tensors& tensors) {
    return step == Step::pos_encoding ? posenc::identify_sinusoidal(tensors.at(step)) : Identification{};
  };
  const std::size_t len = table.shape(0);
  run.candidates = candidates_of(*options, [len](const SinusoidalOptions& other) {
    return Tensors{{Step::position_dots, similarity(sinusoidal<double>(len, other)).dots}};
  });
  return run;
}

EncodingRun frequencies_run(const SinusoidalOptions& options) {
  EncodingRun run;
  run.steps = {{Step::pair_omega, omegas(options), float32_unit}};
  run.candidates = candidates_of(options, [](const SinusoidalOptions& other) { return Tensors{{Step::pair_omega, omegas(other)}}; });
  return run;
}

EncodingRun rotation_run(const SinusoidalOptions& options, std::int64_t delta) {
  EncodingRun run;
  const std::uint64_t distance = delta < 0 ? -static_cast<std::uint64_t>(delta) : static_cast<std::uint64_t>(delta);
  run.steps = {{Step::pair_omega, omegas(options), float32_unit}, {Step::pair_rotation, rotation_matrices(options, delta), posenc::rounding_at(distance)}};
  run.candidates = candidates_of(options, [delta](const SinusoidalOptions& other) {
    return Tensors{{Step::pair_omega, omegas(other)}, {Step::pair_rotation, rotation_matrices(other, delta)}};
  });
  // The other way round: the rotation by -δ, or the matrix transposed.
  run.candidates.push_back({{"R2", "clockwise"}, [options, delta] { return Tensors{{Step::pair_rotation, rotation_matrices(options, -delta)}}; }});
  return run;
}

EncodingRun rope_run(const RopeOptions& options, std::size_t len, const std::optional<Tensor<double>>& x) {
  EncodingRun run;
  const double rounding = posenc::rounding_at(options.offset + len);
  run.usual = posenc::deviations_of(options);
  const RopeTables<double> tables = rope_tables<double>(len, options);
  if (x) run.steps.push_back({Step::x, *x, float32_unit * largest_magnitude(*x), true});
  run.steps.push_back({Step::rope_cos, tables.cos, rounding});
  run.steps.push_back({Step::rope_sin, tables.sin, rounding});
  if (x) {
    const auto rotate = [options](const Tensors& earlier) {
      return rope_rotated(earlier.at(Step::x), options, RopeTables<double>{earlier.at(Step::rope_cos), earlier.at(Step::rope_sin)}, 0);
    };
    run.steps.push_back({Step::rope_rotated, rope_rotated(*x, options, tables, 0), 4 * rounding * largest_magnitude(*x), false, rotate});
  }
  const std::size_t head_dim = options.head_dim;
  run.identify = [head_dim](Step step, const Tensors& tensors) {
    if (step == Step::rope_rotated) return posenc::identify_rope(tensors.at(step), tensors.at(Step::x), 1);
    if (step == Step::rope_cos || step == Step::rope_sin) return posenc::identify_rope_tables(tensors.at(Step::rope_cos), tensors.at(Step::rope_sin), head_dim);
    return Identification{};
  };
  return run;
}

EncodingRun identified_run(Step step, const Tensor<double>& table, const std::optional<Tensor<double>>& before, const Identification& found,
                           std::function<Identification(const Tensor<double>&)> identify) {
  EncodingRun run;
  if (!found.explanations.empty()) run.usual = found.explanations.front().deviations;
  const std::size_t rows = table.dimension() < 2 ? 1 : table.shape(table.dimension() - 2);
  const bool has_angles = step != Step::alibi_slopes && step != Step::alibi_bias;
  const double unit = has_angles ? posenc::rounding_at(first_position(run.usual) + rows) : float32_unit;
  if (before) run.steps.push_back({Step::x, *before, float32_unit * largest_magnitude(*before), true});
  run.steps.push_back({step, table, 4 * unit * std::max(1.0, largest_magnitude(table))});
  run.identify = [step, identify = std::move(identify)](Step judged, const Tensors& tensors) {
    return judged == step ? identify(tensors.at(step)) : Identification{};
  };
  return run;
}

EncodingRun alibi_run(std::size_t heads, std::size_t query_len, std::size_t key_len, AlibiFuture future) {
  EncodingRun run;
  const std::vector<double> slopes = alibi_slopes(heads);
  Tensor<double> slope_tensor = empty<double>({heads});
  std::copy(slopes.begin(), slopes.end(), slope_tensor.data());
  const auto biases = [query_len, key_len, future](const Tensors& earlier) {
    const Tensor<double>& given = earlier.at(Step::alibi_slopes);
    return alibi_bias<double>({given.data(), given.data() + given.size()}, query_len, key_len, future);
  };
  run.usual = future == AlibiFuture::symmetric ? std::vector<posenc::Deviation>{{"", "symmetric"}} : std::vector<posenc::Deviation>{};
  run.steps = {{Step::alibi_slopes, slope_tensor, float32_unit},
               {Step::alibi_bias, alibi_bias<double>(slopes, query_len, key_len, future), float32_unit * static_cast<double>(key_len), false, biases}};
  run.identify = [](Step step, const Tensors& tensors) { return posenc::identify_alibi(tensors.at(step)); };
  return run;
}

}  // namespace attn::tools
