// M3–M6, M9–M11, M14: how forbidden keys are taken out, and when; rows without any key.
#include <attn/ops/stages.hpp>
#include <attn/verify/mistakes.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

const Tensor<double>& scores_before_mask(Run& run) {
  return run.get(run.problem().has(S::scores_capped) ? S::scores_capped : S::scores_scaled);
}

double fill_of(Run& run) { return run.problem().options.attention.mask_fill; }

bool forbids(double mask) { return mask == minus_infinity; }

bool has_mask(Run& run) { return run.problem().has(S::mask); }

Result unmasked(Run& run, Step, const Tensor<double>*) {
  if (!has_mask(run)) return std::nullopt;
  return scores_before_mask(run);
}

bool has_empty_rows(const Tensor<double>& scores) {
  const std::vector<bool> rows = fully_masked_rows(scores);
  return std::find(rows.begin(), rows.end(), true) != rows.end();
}

// A rule for rows without any key replaces them in a right run; a program that fills in numbers of its own
// has no such rows, and its softmax decides.
bool has_empty_rows(Run& run) { return has_mask(run) && has_empty_rows(run.get(S::mask)); }

// The same mistake at the scores in such a program; only where there are such rows.
Mistake deciding(Mistake mistake) {
  mistake.variant += (mistake.variant.empty() ? "" : ", ") + std::string("rows without keys too");
  mistake.acts_on = {S::scores_masked, S::weights};
  mistake.apply = [fill = mistake.apply](Run& run, Step step, const Tensor<double>* theirs) {
    if (!has_empty_rows(run)) return Result();
    if (step == S::scores_masked) return fill(run, step, theirs);
    const Tensor<double>& filled = run.get(S::scores_masked);
    return has_empty_rows(filled) ? Result() : Result(softmax(filled).weights);
  };
  return mistake;
}

// Scores that were not masked: a float mask still adds its numbers.
Tensor<double> scores_with_added(Run& run) {
  Tensor<double> scores = scores_before_mask(run);
  const Tensor<double>& mask = run.get(S::mask);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!forbids(mask.data()[i])) scores.data()[i] += mask.data()[i];
  }
  return scores;
}

// `safely` leaves a row without any key at zero, where 0/0 would be NaN.
enum class Renormalised { no, safely, blindly };

// Softmax over all keys, then the forbidden ones set to zero; renormalised or not.
Mistaken masked_after_softmax(Renormalised renormalised) {
  return [renormalised](Run& run, Step step, const Tensor<double>*) -> Result {
    if (!has_mask(run)) return std::nullopt;
    if (step == S::scores_masked) return scores_with_added(run);
    Tensor<double> weights = softmax(scores_with_added(run)).weights;
    const Tensor<double>& mask = run.get(S::mask);
    const std::size_t keys = weights.shape(3);
    for (std::size_t row = 0; keys > 0 && row < weights.size() / keys; ++row) {
      double kept = 0;
      for (std::size_t j = 0; j < keys; ++j) {
        double& weight = weights.data()[row * keys + j];
        if (mask.data()[row * keys + j] == minus_infinity) weight = 0;
        kept += weight;
      }
      if (renormalised == Renormalised::no || (renormalised == Renormalised::safely && kept == 0)) continue;
      for (std::size_t j = 0; j < keys; ++j) weights.data()[row * keys + j] /= kept;
    }
    return weights;
  };
}

// Scores from scores and mask, cell by cell.
template <class F>
Mistaken scores_by(F f) {
  return [f](Run& run, Step, const Tensor<double>*) -> Result {
    if (!has_mask(run)) return std::nullopt;
    const Tensor<double>& scores = scores_before_mask(run);
    const Tensor<double>& mask = run.get(S::mask);
    Tensor<double> result = scores;
    for (std::size_t i = 0; i < scores.size(); ++i) result.data()[i] = f(scores.data()[i], mask.data()[i]);
    return result;
  };
}

// A finite number instead of −inf, written over the score or added to it.
Mistaken sentinel(double value, bool added) {
  return [=](Run& run, Step step, const Tensor<double>* theirs) -> Result {
    if (!has_mask(run)) return std::nullopt;
    const Tensor<double>& scores = scores_before_mask(run);
    const Tensor<double>& mask = run.get(S::mask);
    double fill = value;
    bool any = false;
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (!forbids(mask.data()[i])) continue;
      // The number is read off the first forbidden cell, when it is there to be read.
      if (!any && !added && theirs && step == S::scores_masked && shape_of(*theirs) == shape_of(mask)) fill = theirs->data()[i];
      any = true;
    }
    if (!any || !std::isfinite(fill) || fill == 0 || fill == fill_of(run)) return std::nullopt;
    Tensor<double> result = scores;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      double& score = result.data()[i];
      if (forbids(mask.data()[i])) {
        score = added ? score + fill : fill;
      } else {
        score += mask.data()[i];
      }
    }
    return result;
  };
}

// The finite number in the mask itself, to which the scores are added; where two rules forbid a cell, twice the number, or
// −inf where that is too much for the format. The numbers are read off theirs.
Result sentinel_in_mask(Run& run, Step step, const Tensor<double>* theirs) {
  Tensor<double> mask = run.compute(step);
  if (theirs && shape_of(*theirs) != shape_of(mask)) return std::nullopt;
  std::set<double> numbers;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (!forbids(mask.data()[i])) continue;
    const double number = theirs ? theirs->data()[i] : -1e9;
    if (!(number < 0)) return std::nullopt;
    if (std::isfinite(number)) numbers.insert(number);
    mask.data()[i] = number;
    if (numbers.size() > 2) return std::nullopt;
  }
  if (numbers.empty()) return std::nullopt;
  return mask;
}

// A row in which every key is forbidden, given another fate; the other rows are ours.
Mistaken masked_rows(MaskedRows policy) {
  return [policy](Run& run, Step, const Tensor<double>*) -> Result {
    if (!has_mask(run)) return std::nullopt;
    const Tensor<double>& mask = run.get(S::mask);
    const std::vector<bool> rows = fully_masked_rows(mask);
    bool any = false;
    for (const bool row : rows) any = any || row;
    if (!any) return std::nullopt;
    return softmax(run.get(S::scores_masked), rows, policy).weights;
  };
}

// A sentinel that float16 cannot hold is −inf there: a row without any key is NaN instead of even.
Result overflowing_sentinel(Run& run, Step step, const Tensor<double>*) {
  if (!has_mask(run) || (std::isinf(fill_of(run)) && !has_empty_rows(run))) return std::nullopt;
  if (step == S::scores_masked) return masked_scores(scores_before_mask(run), run.get(S::mask), minus_infinity);
  return softmax(run.get(S::scores_masked)).weights;
}

// The lowest number of float16 added to the score: below −16 the sum rounds to −inf.
Result lowest_half_added(Run& run, Step, const Tensor<double>*) {
  if (!has_mask(run)) return std::nullopt;
  Tensor<double> result = scores_before_mask(run);
  const Tensor<double>& mask = run.get(S::mask);
  bool overflows = false;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    double& score = result.data()[i];
    if (forbids(mask.data()[i])) {
      overflows = overflows || score <= -16;
      // Numbers of that size lie 32 apart.
      score = score <= -16 ? minus_infinity : score >= 16 ? std::nearbyint((score - 65504) / 32) * 32 : -65504;
    } else {
      score += mask.data()[i];
    }
  }
  if (!overflows) return std::nullopt;
  return result;
}

// The mask added twice: twice the fill, where that is finite.
Result doubled_mask(Run& run, Step, const Tensor<double>*) {
  if (!has_mask(run)) return std::nullopt;
  const double fill = fill_of(run);
  Tensor<double> result = scores_before_mask(run);
  const Tensor<double>& mask = run.get(S::mask);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    double& score = result.data()[i];
    score = forbids(mask.data()[i]) ? 2 * fill : score + 2 * mask.data()[i];
  }
  return result;
}

// The rows, and after each that fills in numbers the same where rows without any key get them too.
std::vector<Mistake> with_softmax_deciding(const std::vector<Mistake>& rows) {
  std::vector<Mistake> all;
  for (const Mistake& row : rows) {
    all.push_back(row);
    const bool fills = row.acts_on == std::vector<Step>{S::scores_masked} && (row.id == "M5" || row.id == "M6" || row.id == "M9");
    if (fills) all.push_back(deciding(row));
  }
  return all;
}

}  // namespace

std::vector<Mistake> fill_mistakes() {
  const std::vector<Step> scores = {S::scores_masked}, both = {S::scores_masked, S::weights};
  const auto fill = [&](const char* variant, double value, bool added) { return Mistake{"M9", variant, scores, sentinel(value, added), Effect::computes, true}; };
  return with_softmax_deciding({
      {"M3", "", both, masked_after_softmax(Renormalised::no)},
      {"M4", "", both, masked_after_softmax(Renormalised::safely), Effect::computes, true},
      {"M4", "rows without keys are NaN", both, masked_after_softmax(Renormalised::blindly), Effect::computes, true},
      {"M5", "", scores, scores_by([](double score, double m) { return forbids(m) ? 0 : score + m; })},
      {"M6", "1 for visible keys", scores, scores_by([](double score, double m) { return forbids(m) ? score : score + 1; })},
      {"M6", "1 for forbidden keys", scores, scores_by([](double score, double m) { return forbids(m) ? score + 1 : score; })},
      fill("-10", -10, false),
      fill("-1e4", -1e4, false),
      fill("-1e6", -1e6, false),
      fill("-1e9", -1e9, false),
      fill("-1e20", -1e20, false),
      fill("-10 added", -10, true),
      fill("-1e4 added", -1e4, true),
      fill("-1e9 added", -1e9, true),
      {"M9", "in the mask", {S::mask}, sentinel_in_mask, Effect::computes, true},
      {"M11", "zero", {S::weights}, masked_rows(MaskedRows::zero)},
      {"M11", "NaN", {S::weights}, masked_rows(MaskedRows::nan)},
      {"M11", "uniform", {S::weights}, masked_rows(MaskedRows::uniform)},
      // After M11, of which these can be the reason.
      {"M10", "the fill is -inf in float16", both, overflowing_sentinel},
      {"M10", "the lowest float16 is added", scores, lowest_half_added},
      {"M14", "", scores, doubled_mask, Effect::computes, true},
      {"M15", "when the scores are masked", scores, unmasked},
  });
}

}  // namespace attn
