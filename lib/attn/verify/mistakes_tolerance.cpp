// T1–T3, P9: rounding, reduced precision, comparisons of nothing, and other weights for the same function.
#include <attn/ops/stages.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/precision.hpp>

#include <limits>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;

// The product of queries and keys that were rounded to few bits, as a matrix unit computes it.
Mistaken products_in(Mantissa mantissa) {
  return [mantissa](Run& run, Step, const Tensor<double>*) -> Result {
    const Tensor<double>& keys = run.get(run.problem().has(S::present_key) ? S::present_key : S::k);
    return raw_scores(rounded_to(run.get(S::q), mantissa), rounded_to(keys, mantissa));
  };
}

// A step in its right values, each rounded.
Mistaken stored_in(Mantissa mantissa) {
  return [mantissa](Run& run, Step step, const Tensor<double>*) -> Result { return rounded_to(run.compute(step), mantissa); };
}

Result nothing_but_nan(Run& run, Step step, const Tensor<double>*) {
  return filled<double>(shape_of(run.compute(step)), std::numeric_limits<double>::quiet_NaN());
}

// Queries twice as large and keys half as large: powers of two change no digit of the scores.
Result rescaled(Run& run, Step step, const Tensor<double>*) {
  const auto& weights = *run.problem().weights;
  if (weights.bias_k || weights.bias_v) return std::nullopt;  // appended keys would not be halved
  return scaled_scores(run.compute(step), step == S::q_proj ? 2.0 : 0.5);
}

}  // namespace

std::vector<Mistake> tolerance_mistakes() {
  const std::vector<Step> products = {S::scores_raw};
  return {
      {"P9", "queries doubled, keys halved", {S::q_proj, S::k_proj}, rescaled, Effect::computes, true},
      {"T1", "float32", products, products_in(Mantissa::float32), Effect::computes, true},
      {"T2", "bfloat16", products, products_in(Mantissa::bfloat16)},
      {"T2", "TF32", products, products_in(Mantissa::tensorfloat32)},
      {"T2", "float16", products, products_in(Mantissa::float16)},
      {"T2", "bfloat16", {S::output}, stored_in(Mantissa::bfloat16)},
      {"T2", "float16", {S::output}, stored_in(Mantissa::float16)},
      {"T3", "only NaN", {S::output}, nothing_but_nan, Effect::shows, false, true},
  };
}

}  // namespace attn
