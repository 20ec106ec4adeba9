// L1–L6: the normalisations and the residual connections of a layer.
#include <attn/ops/residual.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/mistakes.hpp>

#include <cmath>
#include <string>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;

const LayerProblem<double>& layer_of(Run& run) { return *run.whole().problem().layer; }
const NormWeights<double>& own_weights(Run& run) { return layer_of(run).norm_of(run.place()->block); }

// A whole normalisation done another way: what it shows for a step of it, if it has that step.
Result step_of(const NormSteps<double>& steps, Step wanted) {
  Result found;
  visit(steps, [&](Step step, const Tensor<double>& tensor) {
    if (step == wanted) found = tensor;
  });
  return found;
}

// The normalisation with other options, or other parameters.
template <class Change>
Mistaken normalised_with(Change change) {
  return [change](Run& run, Step step, const Tensor<double>*) -> Result {
    if (!run.place()) return std::nullopt;
    NormOptions options = layer_of(run).options.norm;
    NormWeights<double> weights = own_weights(run);
    options.detail = Detail::yes;
    if (!change(options, weights)) return std::nullopt;
    return step_of(normalised(run.get(S::residual), weights, options), step);
  };
}

Mistaken other_variance() {
  return normalised_with([](NormOptions& options, NormWeights<double>&) {
    if (options.kind != NormKind::layer) return false;
    options.variance = options.variance == Variance::biased ? Variance::unbiased : Variance::biased;
    return true;
  });
}

Mistaken other_eps(double eps) {
  return normalised_with([eps](NormOptions& options, NormWeights<double>&) {
    if (options.eps == eps) return false;
    options.eps = eps;
    return true;
  });
}

// (x − μ) / (σ + ε): written as the right form with the ε that gives the same denominator, row by row.
Result eps_outside(Run& run, Step, const Tensor<double>*) {
  if (!run.place()) return std::nullopt;
  const LayerProblem<double>& layer = layer_of(run);
  const bool centred = layer.options.norm.kind == NormKind::layer;
  Result centre;
  if (centred) centre = run.get(S::norm_mean);
  Tensor<double> spread = run.get(centred ? S::norm_var : S::norm_mean_square);
  for (double& value : spread.storage()) {
    const double deviation = std::sqrt(value) + layer.options.norm.eps;
    value = deviation * deviation;
  }
  return scaled_and_shifted(standardised(run.get(S::residual), centre, spread, 0.0), own_weights(run));
}

/// Over which axes of (B, L, E) the mean is taken.
struct Axes {
  bool batch, length, features;
};

// Statistics of x over these axes, kept as axes of size 1.
Tensor<double> mean_over(const Tensor<double>& x, const Axes& axes) {
  const Shape shape = shape_of(x);
  const Shape kept = {axes.batch ? 1 : shape[0], axes.length ? 1 : shape[1], axes.features ? 1 : shape[2]};
  Tensor<double> mean = filled<double>(kept, 0);
  const auto target = [&](std::size_t b, std::size_t l, std::size_t e) -> double& {
    return mean(axes.batch ? 0 : b, axes.length ? 0 : l, axes.features ? 0 : e);
  };
  for (std::size_t b = 0; b < shape[0]; ++b) {
    for (std::size_t l = 0; l < shape[1]; ++l) {
      for (std::size_t e = 0; e < shape[2]; ++e) target(b, l, e) += x(b, l, e);
    }
  }
  const double count = static_cast<double>(x.size() / mean.size());
  for (double& value : mean.storage()) value /= count;
  return mean;
}

// x with f(value, statistic) applied, the statistic broadcast.
template <class F>
Tensor<double> with_statistic(const Tensor<double>& x, const Tensor<double>& statistic, F&& f) {
  Tensor<double> result = x;
  for (std::size_t b = 0; b < x.shape(0); ++b) {
    for (std::size_t l = 0; l < x.shape(1); ++l) {
      for (std::size_t e = 0; e < x.shape(2); ++e) {
        result(b, l, e) = f(x(b, l, e), statistic(b % statistic.shape(0), l % statistic.shape(1), e % statistic.shape(2)));
      }
    }
  }
  return result;
}

Mistaken normalised_over(Axes axes) {
  return [axes](Run& run, Step step, const Tensor<double>*) -> Result {
    if (!run.place()) return std::nullopt;
    const NormOptions& options = layer_of(run).options.norm;
    const Tensor<double>& x = run.get(S::residual);
    const auto square = [](double value, double) { return value * value; };
    Tensor<double> centred = x;
    if (options.kind == NormKind::layer) {
      const Tensor<double> mean = mean_over(x, axes);
      if (step == S::norm_mean) return mean;
      centred = with_statistic(x, mean, [](double value, double centre) { return value - centre; });
    } else if (step == S::norm_mean) {
      return std::nullopt;
    }
    const Tensor<double> spread = mean_over(with_statistic(centred, centred, square), axes);
    if (step == S::norm_var || step == S::norm_mean_square) return spread;
    return scaled_and_shifted(with_statistic(centred, spread, [&](double value, double s) { return value / std::sqrt(s + options.eps); }), own_weights(run));
  };
}

// The whole layer with its normalisations in the other place: another wiring, so it is run as a problem of
// its own, from the same input.
Result other_placement(Run& run, Step step, const Tensor<double>*) {
  const Problem<double>& own = run.whole().problem();
  if (!own.layer) return std::nullopt;
  auto layer = std::make_shared<LayerProblem<double>>(*own.layer);
  layer->options.placement = layer->norm_first() ? NormPlacement::post : NormPlacement::pre;
  const NormWeights<double>& last = layer->weights.ffn.norm;
  const std::size_t width = run.whole().get(S::x).shape().back();
  if (last.gamma && last.gamma->size() != width) return std::nullopt;  // the widths would not fit
  Problem<double> problem = own;
  problem.layer = layer;
  Evaluator<double> other(problem);
  if (!run.place()) return other.get(step);  // the output of the layer
  return other.get(at_place({run.place()->block, part_of(step, layer->norm_first())}, step));
}

// The sublayer's result plus `times` its input.
Mistaken residual_with(double times) {
  return [times](Run& run, Step, const Tensor<double>*) -> Result {
    if (!run.place()) return std::nullopt;
    const ResidualWeights<double>& map = layer_of(run).residual_of(run.place()->block);
    Tensor<double> input = run.get(map.w_s || map.b_s ? S::shortcut : S::x);
    for (double& value : input.storage()) value *= times;
    return sum_of(input, run.get(S::output));
  };
}

// The normalised input in place of the input itself.
Result residual_from_normalised(Run& run, Step, const Tensor<double>*) {
  if (!run.place()) return std::nullopt;
  const LayerProblem<double>& layer = layer_of(run);
  if (layer.residual_of(run.place()->block).w_s) return std::nullopt;
  const Tensor<double>& input = run.get(S::x);
  const NormWeights<double>& weights = own_weights(run);
  if (weights.gamma && weights.gamma->size() != input.shape().back()) return std::nullopt;
  const bool first = layer.norm_first();
  const Tensor<double> read = first ? run.whole().get(layer.read_by(run.place()->block)) : normalised(input, weights, layer.options.norm).norm;
  return sum_of(read, run.get(S::output));
}

Mistaken without(bool gain, bool shift) {
  return normalised_with([gain, shift](NormOptions&, NormWeights<double>& weights) {
    if ((gain && !weights.gamma) || (shift && !weights.beta)) return false;
    if (gain) weights.gamma.reset();
    if (shift) weights.beta.reset();
    return true;
  });
}

Mistaken gain_plus(double number) {
  return normalised_with([number](NormOptions&, NormWeights<double>& weights) {
    if (!weights.gamma) return false;
    for (double& gain : weights.gamma->storage()) gain += number;
    return true;
  });
}

Mistaken other_kind() {
  return normalised_with([](NormOptions& options, NormWeights<double>&) {
    options.kind = options.kind == NormKind::layer ? NormKind::rms : NormKind::layer;
    return true;
  });
}

Mistake row(const char* id, const char* variant, std::vector<Step> acts_on, Mistaken apply) {
  Mistake mistake{id, variant, std::move(acts_on), std::move(apply)};
  mistake.of_layers = true;
  return mistake;
}

Mistake rewired(Mistake mistake) {
  mistake.rewires = true;
  return mistake;
}

// Every step that depends on where the normalisations stand.
std::vector<Step> whole_layer() {
  std::vector<Step> steps;
  for (const StepInfo& info : step_table()) {
    if (info.step > S::memory_value && info.step <= S::ffn_output && info.step != S::past_key && info.step != S::past_value) steps.push_back(info.step);
  }
  return steps;
}

}  // namespace

std::vector<Mistake> norm_mistakes() {
  const std::vector<Step> norm = {S::norm}, sum = {S::residual};
  const std::vector<Step> from_variance = {S::norm_var, S::norm_hat, S::norm}, from_spread = {S::norm_hat, S::norm};
  const std::vector<Step> statistics = {S::norm_mean, S::norm_var, S::norm_mean_square, S::norm};
  return {
      row("L1", "", from_variance, other_variance()),
      row("L1", "", from_spread, other_variance()),
      row("L2", "outside the root", norm, eps_outside),
      row("L2", "1e-3", from_spread, other_eps(1e-3)),
      row("L2", "1e-5", from_spread, other_eps(1e-5)),
      row("L2", "1e-6", from_spread, other_eps(1e-6)),
      row("L2", "1e-8", from_spread, other_eps(1e-8)),
      row("L2", "1e-12", from_spread, other_eps(1e-12)),
      row("L2", "0", from_spread, other_eps(0)),
      row("L3", "positions", statistics, normalised_over({false, true, false})),
      row("L3", "samples", statistics, normalised_over({true, false, false})),
      row("L3", "positions and features", statistics, normalised_over({false, true, true})),
      row("L3", "samples and positions", statistics, normalised_over({true, true, false})),
      row("L3", "everything", statistics, normalised_over({true, true, true})),
      rewired(row("L4", "", whole_layer(), other_placement)),
      row("L5", "nothing", sum, residual_with(0)),
      row("L5", "the input twice", sum, residual_with(2)),
      row("L5", "the normalised input", sum, residual_from_normalised),
      row("L6", "without gain and shift", norm, without(true, true)),
      row("L6", "without gain", norm, without(true, false)),
      row("L6", "without shift", norm, without(false, true)),
      row("L6", "gain plus one", norm, gain_plus(1)),
      row("L6", "gain minus one", norm, gain_plus(-1)),
      row("L6", "the other norm", norm, other_kind()),
  };
}

}  // namespace attn
