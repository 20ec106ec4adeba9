// M1–M16: which keys are taken out, how, and when.
#include <attn/ops/stages.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/rearrange.hpp>

#include <cmath>
#include <limits>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;
using Rules = MaskRules<double>;

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

const Rules& rules_of(Run& run) { return run.problem().options.attention.mask; }

const Tensor<double>& scores_before_mask(Run& run) {
  return run.get(run.problem().has(S::scores_capped) ? S::scores_capped : S::scores_scaled);
}

double fill_of(Run& run) { return run.problem().options.attention.mask_fill; }

// The mask from other rules: edit(rules) changes them, or returns false when it has nothing to change.
template <class Edit>
Mistaken with_rules(Edit edit) {
  return [edit](Run& run, Step, const Tensor<double>*) -> Result {
    Rules rules = rules_of(run);
    const Sizes sizes = sizes_of_scores(run);
    if (!edit(rules, sizes)) return std::nullopt;
    if (!rules.any()) return filled<double>({sizes.batch, sizes.heads, sizes.query_len, sizes.key_len}, 0.0);
    return combined_mask(rules, sizes);
  };
}

// The mask cell by cell from the verdicts: f(verdict, b, h, i, j) is the number to add.
template <class F>
Tensor<double> mask_from_verdicts(Run& run, F&& f) {
  const Sizes sizes = sizes_of_scores(run);
  const Rules& rules = rules_of(run);
  check_mask(rules, sizes);
  return fill_cells({sizes.batch, sizes.heads, sizes.query_len, sizes.key_len}, [&](auto b, auto h, auto i, auto j) {
    return f(mask_verdict(rules, sizes, b, h, i, j), b, h, i, j);
  });
}

double forbidden_if(bool forbidden) { return forbidden ? minus_infinity : 0.0; }

using Verdict = MaskVerdict<double>;

// One rule read the wrong way round, the others as they are.
Mistaken inverted(bool Verdict::*rule, bool (*present)(const Rules&)) {
  return [=](Run& run, Step, const Tensor<double>*) -> Result {
    if (!present(rules_of(run))) return std::nullopt;
    return mask_from_verdicts(run, [&](Verdict verdict, auto...) {
      verdict.*rule = !(verdict.*rule);
      return forbidden_if(verdict.forbidden());
    });
  };
}

Result all_inverted(Run& run, Step, const Tensor<double>*) {
  return mask_from_verdicts(run, [](const Verdict& verdict, auto...) { return forbidden_if(!verdict.forbidden()); });
}

// Padding taken from the rows: queries beyond the valid length see nothing, keys beyond it are seen.
Result padding_on_queries(Run& run, Step, const Tensor<double>*) {
  const auto& lens = rules_of(run).valid_lens;
  if (lens.empty()) return std::nullopt;
  return mask_from_verdicts(run, [&](Verdict verdict, auto b, auto, auto i, auto) {
    verdict.padding = i >= lens[b];
    return forbidden_if(verdict.forbidden());
  });
}

// The same with a finite sentinel: rows of padded queries become even instead of empty.
Result padding_on_queries_filled(Run& run, Step, const Tensor<double>* theirs) {
  const auto& lens = rules_of(run).valid_lens;
  if (lens.empty()) return std::nullopt;
  const Tensor<double>& scores = scores_before_mask(run);
  const Result mask = padding_on_queries(run, S::mask, theirs);
  return masked_scores(scores, *mask, -1e9);
}

bool allows_transpose(const Sizes& sizes) { return sizes.query_len == sizes.key_len; }

// The upper triangle kept instead of the lower one.
Result upper_triangle(Run& run, Step, const Tensor<double>*) {
  if (!rules_of(run).causal) return std::nullopt;
  const Rules& rules = rules_of(run);
  const Sizes sizes = sizes_of_scores(run);
  return mask_from_verdicts(run, [&](Verdict verdict, auto b, auto, auto i, auto j) {
    const auto position = static_cast<std::ptrdiff_t>(i) + causal_offset(rules, sizes, b);
    verdict.causal = static_cast<std::ptrdiff_t>(j) < position;
    return forbidden_if(verdict.forbidden());
  });
}

// The whole mask transposed, padding included.
Result transposed_mask(Run& run, Step, const Tensor<double>*) {
  if (!allows_transpose(sizes_of_scores(run))) return std::nullopt;
  return swap_axes(run.compute(S::mask), 2, 3);
}

// The diagonal moved: +1 lets a query see one key of the future, −1 hides its own.
Mistaken diagonal_moved(std::ptrdiff_t by) {
  return [by](Run& run, Step, const Tensor<double>*) -> Result {
    const Rules& rules = rules_of(run);
    if (!rules.causal) return std::nullopt;
    const Sizes sizes = sizes_of_scores(run);
    return mask_from_verdicts(run, [&](Verdict verdict, auto b, auto, auto i, auto j) {
      const auto position = static_cast<std::ptrdiff_t>(i) + causal_offset(rules, sizes, b);
      verdict.causal = static_cast<std::ptrdiff_t>(j) > position + by;
      return verdict.forbidden() ? minus_infinity : verdict.added;
    });
  };
}

// The causal offset another program may use: top left, bottom right, or blind to the cache.
Mistaken diagonal_at(std::ptrdiff_t (*offset)(const Rules&, const Sizes&, std::size_t)) {
  return [offset](Run& run, Step, const Tensor<double>*) -> Result {
    const Rules& rules = rules_of(run);
    if (!rules.causal) return std::nullopt;
    const Sizes sizes = sizes_of_scores(run);
    return mask_from_verdicts(run, [&](Verdict verdict, auto b, auto, auto i, auto j) {
      verdict.causal = static_cast<std::ptrdiff_t>(j) > static_cast<std::ptrdiff_t>(i) + offset(rules, sizes, b);
      return verdict.forbidden() ? minus_infinity : verdict.added;
    });
  };
}

std::ptrdiff_t no_offset(const Rules&, const Sizes&, std::size_t) { return 0; }
std::ptrdiff_t cache_offset(const Rules&, const Sizes& sizes, std::size_t) { return static_cast<std::ptrdiff_t>(sizes.past_len); }
std::ptrdiff_t length_offset(const Rules&, const Sizes& sizes, std::size_t) {
  return static_cast<std::ptrdiff_t>(sizes.key_len) - static_cast<std::ptrdiff_t>(sizes.query_len);
}
std::ptrdiff_t valid_offset(const Rules& rules, const Sizes& sizes, std::size_t b) {
  if (rules.valid_lens.empty()) return length_offset(rules, sizes, b);
  return static_cast<std::ptrdiff_t>(rules.valid_lens[b]) - static_cast<std::ptrdiff_t>(sizes.query_len);
}

// (B·H) masks stored head by head and read sample by sample.
Result head_major(Run& run, Step, const Tensor<double>*) {
  const Tensor<double> own = run.compute(S::mask);
  const std::size_t batch = own.shape(0), heads = own.shape(1);
  if (batch < 2 || heads < 2) return std::nullopt;
  return fill_cells(shape_of(own), [&](auto b, auto h, auto i, auto j) {
    const std::size_t slice = b * heads + h;
    return own(slice % batch, slice / batch, i, j);
  });
}

bool has_mask(Run& run) { return run.problem().has(S::mask); }

Result unmasked(Run& run, Step, const Tensor<double>*) {
  if (!has_mask(run)) return std::nullopt;
  return scores_before_mask(run);
}

// Softmax over all keys, then the forbidden ones set to zero; renormalised or not.
Mistaken masked_after_softmax(bool renormalised) {
  return [renormalised](Run& run, Step step, const Tensor<double>*) -> Result {
    if (!has_mask(run)) return std::nullopt;
    if (step == S::scores_masked) return scores_before_mask(run);
    Tensor<double> weights = softmax(scores_before_mask(run)).weights;
    const Tensor<double>& mask = run.get(S::mask);
    const std::size_t keys = weights.shape(3);
    for (std::size_t row = 0; row < weights.size() / keys; ++row) {
      double kept = 0;
      for (std::size_t j = 0; j < keys; ++j) {
        double& weight = weights.data()[row * keys + j];
        if (mask.data()[row * keys + j] == minus_infinity) weight = 0;
        kept += weight;
      }
      for (std::size_t j = 0; renormalised && j < keys; ++j) weights.data()[row * keys + j] /= kept;
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

bool forbids(double mask) { return mask == minus_infinity; }

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

Mistaken window_changed(std::ptrdiff_t left, std::ptrdiff_t right) {
  const auto moved = [](std::optional<std::size_t>& side, std::ptrdiff_t by) {
    if (!side || by == 0) return by == 0;
    if (by < 0 && *side == 0) return false;
    side = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(*side) + by);
    return true;
  };
  return with_rules([=](Rules& rules, const Sizes&) { return moved(rules.window.left, left) && moved(rules.window.right, right); });
}

}  // namespace

std::vector<Mistake> mask_mistakes() {
  const std::vector<Step> mask = {S::mask}, scores = {S::scores_masked};
  const auto drop = [](auto change) { return with_rules([change](Rules& rules, const Sizes&) { return change(rules); }); };
  const auto has_given = [](const Rules& rules) { return rules.given.has_value(); };
  const auto has_lens = [](const Rules& rules) { return !rules.valid_lens.empty(); };
  return {
      {"M1", "the given mask", mask, inverted(&Verdict::given, has_given)},
      {"M1", "padding", mask, inverted(&Verdict::padding, has_lens)},
      {"M1", "causal", mask, inverted(&Verdict::causal, [](const Rules& rules) { return rules.causal; })},
      {"M1", "all rules", mask, all_inverted},
      {"M2", "", mask, padding_on_queries},
      {"M2", "filled with -1e9", scores, padding_on_queries_filled},
      {"M3", "", {S::scores_masked, S::weights}, masked_after_softmax(false)},
      {"M4", "", {S::scores_masked, S::weights}, masked_after_softmax(true), Effect::computes, true},
      {"M5", "", scores, scores_by([](double score, double m) { return forbids(m) ? 0 : score; })},
      {"M6", "1 for visible keys", scores, scores_by([](double score, double m) { return forbids(m) ? score : score + 1; })},
      {"M6", "1 for forbidden keys", scores, scores_by([](double score, double m) { return forbids(m) ? score + 1 : score; })},
      {"M7", "one key of the future is seen", mask, diagonal_moved(1)},
      {"M7", "the own key is hidden", mask, diagonal_moved(-1)},
      {"M8", "top left", mask, diagonal_at(cache_offset)},
      {"M8", "bottom right", mask, diagonal_at(length_offset)},
      {"M8", "bottom right of the valid keys", mask, diagonal_at(valid_offset)},
      {"M8", "the cache is ignored", mask, diagonal_at(no_offset)},
      {"M9", "-10", scores, sentinel(-10, false), Effect::computes, true},
      {"M9", "-1e4", scores, sentinel(-1e4, false), Effect::computes, true},
      {"M9", "-1e6", scores, sentinel(-1e6, false), Effect::computes, true},
      {"M9", "-1e9", scores, sentinel(-1e9, false), Effect::computes, true},
      {"M9", "-1e20", scores, sentinel(-1e20, false), Effect::computes, true},
      {"M9", "-10 added", scores, sentinel(-10, true), Effect::computes, true},
      {"M9", "-1e4 added", scores, sentinel(-1e4, true), Effect::computes, true},
      {"M9", "-1e9 added", scores, sentinel(-1e9, true), Effect::computes, true},
      {"M11", "zero", {S::weights}, masked_rows(MaskedRows::zero)},
      {"M11", "NaN", {S::weights}, masked_rows(MaskedRows::nan)},
      {"M11", "uniform", {S::weights}, masked_rows(MaskedRows::uniform)},
      {"M12", "", mask, head_major},
      {"M13", "left side one more", mask, window_changed(1, 0)},
      {"M13", "left side one less", mask, window_changed(-1, 0)},
      {"M13", "right side one more", mask, window_changed(0, 1)},
      {"M13", "right side one less", mask, window_changed(0, -1)},
      {"M13", "both sides one more", mask, window_changed(1, 1)},
      {"M13", "both sides one less", mask, window_changed(-1, -1)},
      {"M14", "", scores, scores_by([](double score, double m) { return score + 2 * m; }), Effect::computes, true},
      {"M15", "all rules", mask, drop([](Rules& rules) { const std::size_t exempt = rules.exempt_keys; rules = Rules{}; rules.exempt_keys = exempt; return true; })},
      {"M15", "causal", mask, drop([](Rules& rules) { return std::exchange(rules.causal, false); })},
      {"M15", "padding", mask, drop([](Rules& rules) { const bool any = !rules.valid_lens.empty(); rules.valid_lens.clear(); return any; })},
      {"M15", "window", mask, drop([](Rules& rules) { const bool any = rules.window.bounded(); rules.window = {}; return any; })},
      {"M15", "the given mask", mask, drop([](Rules& rules) { const bool any = rules.given.has_value(); rules.given.reset(); return any; })},
      {"M15", "when the scores are masked", scores, unmasked},
      {"M16", "causal", mask, upper_triangle},
      {"M16", "the whole mask", mask, transposed_mask},
  };
}

}  // namespace attn
