// P5, C1–C7, X1, X2: the product of queries and keys, the scale, the soft cap.
#include <attn/ops/stages.hpp>
#include <attn/verify/median_ratio.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/rearrange.hpp>
#include <attn/verify/temperature.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;

double own_scale(Run& run) { return effective_scale(run.problem().options.attention, run.problem().sizes.head_dim); }

// Scores times a factor that depends on the run: f(scale, D, E).
template <class F>
Mistaken scaled_by(F factor) {
  return [factor](Run& run, Step, const Tensor<double>*) -> Result {
    const auto& sizes = run.problem().sizes;
    const double width = static_cast<double>(sizes.head_dim);
    const std::size_t all_heads = run.problem().all_heads;
    const double d_model = static_cast<double>(sizes.head_dim * (all_heads ? all_heads : sizes.heads));
    return scaled_scores(run.get(S::scores_raw), factor(own_scale(run), width, d_model));
  };
}

// A scale was asked for, and the default was used.
Result custom_scale_ignored(Run& run, Step, const Tensor<double>*) {
  if (!run.problem().options.attention.scale) return std::nullopt;
  return scaled_scores(run.get(S::scores_raw), 1 / std::sqrt(static_cast<double>(run.problem().sizes.head_dim)));
}

// Some other constant factor: the one that theirs has over ours.
Result some_other_scale(Run& run, Step step, const Tensor<double>* theirs) {
  const Tensor<double>& raw = run.get(S::scores_raw);
  if (!theirs) return scaled_scores(raw, own_scale(run) * 0.7);
  const std::optional<double> factor = step == S::scores_scaled ? median_ratio(*theirs, raw) : std::nullopt;
  if (!factor) return std::nullopt;
  return scaled_scores(raw, *factor);
}

// The same where the weights show it and the scores were not handed in, or do not have it.
Result some_other_temperature(Run& run, Step step, const Tensor<double>* theirs) {
  const Tensor<double>& scores = run.get(S::scores_masked);
  const std::optional<double> factor = theirs ? factor_in_softmax(*theirs, scores) : std::optional(0.7);
  if (!factor || *factor == 1) return std::nullopt;
  Evaluator<double> warmer(run.problem());
  const Tensor<double> scaled = scaled_scores(scores, *factor);
  warmer.know(S::scores_masked, scaled);
  if (run.problem().has(S::mask)) warmer.know(S::mask, run.get(S::mask));
  return warmer.compute(step);
}

// The whole scale on the queries, or its root on queries and keys; the scores are the same.
Mistaken scale_moved(bool both) {
  return [both](Run& run, Step step, const Tensor<double>*) -> Result {
    const double scale = own_scale(run);
    if (step == S::scores_scaled) return run.get(S::scores_raw);
    if (scale <= 0) return std::nullopt;
    if (step == S::scores_raw) return scaled_scores(run.compute(step), scale);
    return scaled_scores(run.compute(step), both ? std::sqrt(scale) : scale);
  };
}

// The scale once more, before the product: on the queries, on both sides, or on the raw scores.
Mistaken scaled_early(bool both) {
  return [both](Run& run, Step step, const Tensor<double>*) -> Result {
    const double scale = own_scale(run);
    if (scale <= 0) return std::nullopt;
    return scaled_scores(run.compute(step), both ? std::sqrt(scale) : scale);
  };
}

Result transposed_scores(Run& run, Step, const Tensor<double>*) {
  const Tensor<double> own = run.compute(S::scores_raw);
  if (own.shape(2) != own.shape(3)) return std::nullopt;
  return swap_axes(own, 2, 3);
}

// Masked first, capped afterwards: a forbidden key comes back with the score −c.
Result capped_after_mask(Run& run, Step step, const Tensor<double>*) {
  const auto& options = run.problem().options.attention;
  if (!options.softcap || !run.problem().has(S::mask)) return std::nullopt;
  if (step == S::scores_capped) return run.get(S::scores_scaled);
  const double lowest = std::max(options.mask_fill, -1e300);
  const Tensor<double> masked = masked_scores(run.get(S::scores_scaled), run.get(S::mask), lowest);
  return capped_scores(masked, *options.softcap);
}

// The same, where the capped scores are shown as they should be.
Result only_masked_after(Run& run, Step, const Tensor<double>* theirs) {
  return capped_after_mask(run, S::scores_masked, theirs);
}

Result cap_missing(Run& run, Step, const Tensor<double>*) { return run.get(S::scores_scaled); }

Mistaken other_cap(double factor) {
  return [factor](Run& run, Step, const Tensor<double>* theirs) -> Result {
    double cap = *run.problem().options.attention.softcap * factor;
    const Tensor<double>& scores = run.get(S::scores_scaled);
    if (theirs && shape_of(*theirs) == shape_of(scores)) {
      // c·tanh(s/c) grows with c: bisect on the cell with the largest score.
      std::size_t largest = 0;
      for (std::size_t i = 0; i < scores.size(); ++i) {
        if (std::abs(scores.data()[i]) > std::abs(scores.data()[largest])) largest = i;
      }
      const double score = std::abs(scores.data()[largest]), target = std::abs(theirs->data()[largest]);
      double low = target, high = 1e6 * (1 + target);
      if (!(target < score)) return std::nullopt;
      for (int i = 0; i < 200; ++i) {
        const double middle = 0.5 * (low + high);
        (middle * std::tanh(score / middle) < target ? low : high) = middle;
      }
      cap = high;
    }
    return capped_scores(scores, cap);
  };
}

Mistaken fixed_cap(double cap) {
  return [cap](Run& run, Step, const Tensor<double>*) -> Result {
    if (*run.problem().options.attention.softcap == cap) return std::nullopt;
    return capped_scores(run.get(S::scores_scaled), cap);
  };
}

}  // namespace

std::vector<Mistake> score_mistakes() {
  const std::vector<Step> scaled = {S::scores_scaled};
  return {
      {"P5", "", {S::scores_raw}, transposed_scores},
      {"C1", "", scaled, scaled_by([](double, double, double d_model) { return 1 / std::sqrt(d_model); })},
      {"C2", "", scaled, scaled_by([](double, double, double) { return 1.0; })},
      {"C3", "", scaled, scaled_by([](double, double width, double) { return 1 / width; })},
      {"C4", "", scaled, scaled_by([](double, double width, double) { return std::sqrt(width); })},
      {"C5", "", scaled, scaled_by([](double scale, double, double) { return scale * scale; })},
      {"C5", "on q too", {S::q}, scaled_early(false)},
      {"C5", "on q and k too", {S::q, S::k}, scaled_early(true)},
      {"C5", "inside the product too", {S::scores_raw}, scaled_early(false)},
      {"C6", "on q", {S::q, S::scores_scaled}, scale_moved(false), Effect::computes, true},
      {"C6", "on q and k", {S::q, S::k, S::scores_scaled}, scale_moved(true), Effect::computes, true},
      {"C6", "inside the product", {S::scores_raw, S::scores_scaled}, scale_moved(false), Effect::computes, true},
      {"C7", "scale ignored", scaled, custom_scale_ignored},
      {"C7", "divided by 2 as well", scaled, scaled_by([](double scale, double, double) { return scale / 2; }), Effect::computes, false, true},
      {"C7", "divided by 3 as well", scaled, scaled_by([](double scale, double, double) { return scale / 3; }), Effect::computes, false, true},
      {"C7", "divided by 4 as well", scaled, scaled_by([](double scale, double, double) { return scale / 4; }), Effect::computes, false, true},
      {"C7", "another factor in the softmax", {S::weights}, some_other_temperature, Effect::computes, false, true},
      {"C7", "another factor", scaled, some_other_scale, Effect::computes, false, true},
      {"X1", "", {S::scores_capped, S::scores_masked}, capped_after_mask},
      {"X1", "", {S::scores_masked}, only_masked_after},
      {"X2", "missing", {S::scores_capped}, cap_missing},
      {"X2", "30", {S::scores_capped}, fixed_cap(30)},
      {"X2", "50", {S::scores_capped}, fixed_cap(50)},
      {"X2", "another cap", {S::scores_capped}, other_cap(2)},
  };
}

}  // namespace attn
