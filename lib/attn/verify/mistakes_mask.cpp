// M1, M2, M7, M8, M12, M13, M15, M16: which keys are taken out.
#include <attn/ops/stages.hpp>
#include <attn/verify/compare.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/rearrange.hpp>

#include <algorithm>
#include <limits>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;
using Rules = MaskRules<double>;

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

const Rules& rules_of(Run& run) { return run.problem().options.attention.mask; }

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
  Tensor<double> mask = empty<double>({sizes.batch, sizes.heads, sizes.query_len, sizes.key_len});
  double* cell = mask.data();
  for (std::size_t b = 0; b < sizes.batch; ++b) {
    for (std::size_t h = 0; h < sizes.heads; ++h) {
      for (std::size_t i = 0; i < sizes.query_len; ++i) {
        const QueryRules<double> query(rules, sizes, b, h, i);
        for (std::size_t j = 0; j < sizes.key_len; ++j) *cell++ = f(query.verdict(j), b, h, i, j);
      }
    }
  }
  return mask;
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
  const std::size_t before = run.problem().sizes.queries_before;
  return mask_from_verdicts(run, [&](Verdict verdict, auto b, auto, auto i, auto) {
    verdict.padding = before + i >= lens[b];
    return forbidden_if(verdict.forbidden());
  });
}

// The same with a finite sentinel: rows of padded queries become even instead of empty.
Result padding_on_queries_filled(Run& run, Step, const Tensor<double>* theirs) {
  const auto& lens = rules_of(run).valid_lens;
  if (lens.empty()) return std::nullopt;
  const Result mask = padding_on_queries(run, S::mask, theirs);
  return masked_scores(run.get(run.problem().has(S::scores_capped) ? S::scores_capped : S::scores_scaled), *mask, -1e9);
}

bool allows_transpose(const Sizes& sizes) { return sizes.query_len == sizes.key_len; }

// The padding alone, or the given mask alone, stored and read so.
Mistaken head_major_rule(bool Verdict::*rule, bool (*present)(const Rules&)) {
  return [=](Run& run, Step, const Tensor<double>*) -> Result {
    const Sizes sizes = sizes_of_scores(run);
    const Rules& rules = rules_of(run);
    if (!present(rules) || sizes.batch < 2 || sizes.heads < 2) return std::nullopt;
    return mask_from_verdicts(run, [&](Verdict verdict, auto b, auto h, auto i, auto j) {
      const std::size_t slice = b * sizes.heads + h;
      const Verdict other = mask_verdict(rules, sizes, slice % sizes.batch, slice / sizes.batch, i, j);
      verdict.*rule = other.*rule;
      if (rule == &Verdict::given) verdict.added = other.added;
      return verdict.forbidden() ? minus_infinity : verdict.added;
    });
  };
}

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

// The causal offset, of the first query of the whole run, that another program may use: top left, bottom right, or
// blind to the cache.
Mistaken diagonal_at(std::ptrdiff_t (*offset)(const Rules&, const Sizes&, std::size_t)) {
  return [offset](Run& run, Step, const Tensor<double>*) -> Result {
    const Rules& rules = rules_of(run);
    if (!rules.causal) return std::nullopt;
    const Sizes sizes = sizes_of_scores(run);
    return mask_from_verdicts(run, [&](Verdict verdict, auto b, auto, auto i, auto j) {
      verdict.causal = static_cast<std::ptrdiff_t>(j) > static_cast<std::ptrdiff_t>(sizes.queries_before + i) + offset(rules, sizes, b);
      return verdict.forbidden() ? minus_infinity : verdict.added;
    });
  };
}

std::ptrdiff_t all_queries(const Sizes& sizes) { return static_cast<std::ptrdiff_t>(sizes.queries_before + sizes.query_len + sizes.queries_after); }

std::ptrdiff_t no_offset(const Rules&, const Sizes&, std::size_t) { return 0; }
std::ptrdiff_t cache_offset(const Rules&, const Sizes& sizes, std::size_t) { return static_cast<std::ptrdiff_t>(sizes.past_len); }
std::ptrdiff_t length_offset(const Rules&, const Sizes& sizes, std::size_t) {
  return static_cast<std::ptrdiff_t>(sizes.key_len) - all_queries(sizes);
}
std::ptrdiff_t valid_offset(const Rules& rules, const Sizes& sizes, std::size_t b) {
  if (rules.valid_lens.empty()) return length_offset(rules, sizes, b);
  return static_cast<std::ptrdiff_t>(rules.valid_lens[b]) - all_queries(sizes);
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

Mistaken window_changed(std::ptrdiff_t left, std::ptrdiff_t right) {
  const auto moved = [](std::optional<std::size_t>& side, std::ptrdiff_t by) {
    if (!side || by == 0) return by == 0;
    if (by < 0 && *side == 0) return false;
    side = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(*side) + by);
    return true;
  };
  return with_rules([=](Rules& rules, const Sizes&) { return moved(rules.window.left, left) && moved(rules.window.right, right); });
}

// The mistake `wrong` about the set of keys where it leaves rows without any, in a program that does not
// look after such rows as ours does: 0/0, or even weights where the fill is finite.
Mistake with_empty_rows(const Mistake& wrong, MaskedRows become, const char* how) {
  Mistake mistake = wrong;
  mistake.variant += (wrong.variant.empty() ? "" : ", ") + std::string(how);
  mistake.acts_on = {S::mask, S::weights};
  mistake.apply = [change = wrong.apply, become](Run& run, Step step, const Tensor<double>* theirs) -> Result {
    const auto any_empty = [](const std::vector<bool>& rows) { return std::find(rows.begin(), rows.end(), true) != rows.end(); };
    if (step == S::mask) {
      Result mask = change(run, step, theirs);
      if (!mask || mask->dimension() != 4 || !any_empty(fully_masked_rows(*mask))) return std::nullopt;
      return mask;
    }
    if (!run.problem().has(S::mask)) return std::nullopt;
    // Only if the mask of this run is the wrong one: rows that are empty rightly are another mistake.
    const Tensor<double>& mask = run.get(S::mask);
    const Result changed = change(run, S::mask, nullptr);
    if (!changed || !agree(*changed, mask, {}) || !any_empty(fully_masked_rows(mask))) return std::nullopt;
    return softmax(run.get(S::scores_masked), fully_masked_rows(mask), become).weights;
  };
  return mistake;
}

// Every way to hide keys, and after each of those that can hide all keys of a query what becomes of its row.
std::vector<Mistake> with_fates_of_rows(const std::vector<Mistake>& rows) {
  std::vector<Mistake> all;
  for (const Mistake& row : rows) {
    all.push_back(row);
    const bool about_keys = row.acts_on == std::vector<Step>{S::mask} && row.id != "M15" && row.id != "M13";
    if (!about_keys) continue;
    all.push_back(with_empty_rows(row, MaskedRows::nan, "rows without keys are NaN"));
    all.push_back(with_empty_rows(row, MaskedRows::uniform, "rows without keys are even"));
  }
  return all;
}

}  // namespace

std::vector<Mistake> mask_mistakes() {
  const std::vector<Step> mask = {S::mask}, scores = {S::scores_masked};
  const auto drop = [](auto change) { return with_rules([change](Rules& rules, const Sizes&) { return change(rules); }); };
  const auto has_given = [](const Rules& rules) { return rules.given.has_value(); };
  const auto has_lens = [](const Rules& rules) { return !rules.valid_lens.empty(); };
  return with_fates_of_rows({
      {"M1", "the given mask", mask, inverted(&Verdict::given, has_given)},
      {"M1", "padding", mask, inverted(&Verdict::padding, has_lens)},
      {"M1", "causal", mask, inverted(&Verdict::causal, [](const Rules& rules) { return rules.causal; })},
      {"M1", "all rules", mask, all_inverted},
      {"M2", "", mask, padding_on_queries},
      {"M2", "filled with -1e9", scores, padding_on_queries_filled},
      {"M7", "one key of the future is seen", mask, diagonal_moved(1)},
      {"M7", "the own key is hidden", mask, diagonal_moved(-1)},
      {"M8", "top left", mask, diagonal_at(cache_offset)},
      {"M8", "bottom right", mask, diagonal_at(length_offset)},
      {"M8", "bottom right of the valid keys", mask, diagonal_at(valid_offset)},
      {"M8", "the cache is ignored", mask, diagonal_at(no_offset)},
      {"M12", "", mask, head_major},
      {"M12", "padding", mask, head_major_rule(&Verdict::padding, has_lens)},
      {"M12", "the given mask", mask, head_major_rule(&Verdict::given, has_given)},
      {"M13", "left side one more", mask, window_changed(1, 0)},
      {"M13", "left side one less", mask, window_changed(-1, 0)},
      {"M13", "right side one more", mask, window_changed(0, 1)},
      {"M13", "right side one less", mask, window_changed(0, -1)},
      {"M13", "both sides one more", mask, window_changed(1, 1)},
      {"M13", "both sides one less", mask, window_changed(-1, -1)},
      {"M15", "all rules", mask, drop([](Rules& rules) { const std::size_t exempt = rules.exempt_keys; rules = Rules{}; rules.exempt_keys = exempt; return true; })},
      {"M15", "causal", mask, drop([](Rules& rules) { return std::exchange(rules.causal, false); })},
      {"M15", "padding", mask, drop([](Rules& rules) { const bool any = !rules.valid_lens.empty(); rules.valid_lens.clear(); return any; })},
      {"M15", "window", mask, drop([](Rules& rules) { const bool any = rules.window.bounded(); rules.window = {}; return any; })},
      {"M15", "left side of the window", mask, drop([](Rules& rules) { return std::exchange(rules.window.left, std::nullopt).has_value() && rules.window.right; })},
      {"M15", "right side of the window", mask, drop([](Rules& rules) { return std::exchange(rules.window.right, std::nullopt).has_value() && rules.window.left; })},
      {"M15", "the given mask", mask, drop([](Rules& rules) { const bool any = rules.given.has_value(); rules.given.reset(); return any; })},
      {"M16", "causal", mask, upper_triangle},
      {"M16", "the whole mask", mask, transposed_mask},
  });
}

}  // namespace attn
