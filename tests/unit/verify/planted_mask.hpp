// Mistakes in which keys are taken out, how, and when, each as a plain program.
#pragma once

#include "verify/cases.hpp"

#include <attn/verify/mistakes.hpp>

#include <algorithm>

namespace loops {

inline double forbid_if(bool forbidden) { return forbidden ? -infinity : 0.0; }

// The mask cell by cell: f(b, h, i, j) is the number to add.
template <class F>
void mask_by(Program& p, F f) {
  p.replaced[Step::mask] = [f](const Program&, const Tensors& t) { return cells4(attn::shape_of(t.at(Step::scores_raw)), f); };
}

// The masked score of a score and the mask's number.
template <class F>
void masked_by(Program& p, F f) {
  p.replaced[Step::scores_masked] = [f](const Program& s, const Tensors& t) {
    const Array &scores = s.unmasked(t), &mask = t.at(Step::mask);
    return cells4(attn::shape_of(scores), [&](Index b, Index h, Index i, Index j) { return f(scores(b, h, i, j), mask(b, h, i, j) == -infinity); });
  };
}

// Softmax over all keys; forbidden weights become zero, and the rest is divided by its sum or not.
inline void mask_after_softmax(Program& p, bool renormalised) {
  p.replaced[Step::scores_masked] = [](const Program& s, const Tensors& t) { return s.unmasked(t); };
  p.replaced[Step::weights] = [renormalised](const Program& s, const Tensors& t) {
    const Array all = softmax_rows(s.unmasked(t));
    return cells4(attn::shape_of(all), [&](Index b, Index h, Index i, Index j) {
      double kept = 0;
      for (Index k = 0; k < all.shape(3); ++k) kept += s.given.mask(b, h, i, k) == 0 ? all(b, h, i, k) : 0;
      const double weight = s.given.mask(b, h, i, j) == 0 ? all(b, h, i, j) : 0;
      return renormalised ? weight / kept : weight;
    });
  };
}

// Weights of rows without a visible key; the other rows as they are.
inline void hidden_rows(Program& p, double weight) {
  p.replaced[Step::weights] = [weight](const Program& s, const Tensors& t) {
    const Array own = s.right(Step::weights, t);
    return cells4(attn::shape_of(own), [&](Index b, Index h, Index i, Index j) { return b == 0 ? weight : own(b, h, i, j); });
  };
}

inline Program::Compute unmasked_scores() {
  return [](const Program& s, const Tensors& t) { return s.unmasked(t); };
}

// The causal rule with its diagonal moved by `by`.
inline void diagonal(Program& p, int by) {
  mask_by(p, [by](Index, Index, Index i, Index j) { return forbid_if(static_cast<int>(j) > static_cast<int>(i) + by); });
}

inline std::vector<Planted> planted_mask() {
  const auto nothing = [](Index, Index, Index, Index) { return 0.0; };
  const auto window = [](Program& p, int left, int right) {
    mask_by(p, [=](Index, Index, Index i, Index j) {
      const int distance = static_cast<int>(j) - static_cast<int>(i);
      return forbid_if(distance < -left || distance > right);
    });
  };
  return {
      {"M1", "the given mask", Step::mask, biased, [](Program& p) { mask_by(p, [](Index b, Index h, Index i, Index j) { return forbid_if((7 * b + 3 * h + 2 * i + j) % 4 != 0); }); }},
      {"M1", "padding", Step::mask, padded, [](Program& p) { mask_by(p, [](Index b, Index, Index, Index j) { return forbid_if(j < 3 + b); }); }},
      {"M1", "causal", Step::mask, causal, [](Program& p) { mask_by(p, [](Index, Index, Index i, Index j) { return forbid_if(j <= i); }); }},
      {"M1", "all rules", Step::mask, windowed, [](Program& p) { mask_by(p, [](Index, Index, Index i, Index j) { return forbid_if(j + 1 >= i && j <= i + 2); }); }},
      {"M2", "", Step::mask, padded, [](Program& p) { mask_by(p, [](Index b, Index, Index i, Index) { return forbid_if(i >= 3 + b); }); }},
      {"M3", "", Step::scores_masked, causal, [](Program& p) { mask_after_softmax(p, false); }},
      {"M4", "", Step::scores_masked, causal, [](Program& p) { mask_after_softmax(p, true); }},
      {"M5", "", Step::scores_masked, padded, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? 0 : score; }); }},
      {"M6", "1 for visible keys", Step::scores_masked, padded, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? score : score + 1; }); }},
      {"M6", "1 for forbidden keys", Step::scores_masked, padded, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? score + 1 : score; }); }},
      {"M7", "one key of the future is seen", Step::mask, causal, [](Program& p) { diagonal(p, 1); }},
      {"M7", "the own key is hidden", Step::mask, causal, [](Program& p) { diagonal(p, -1); }},
      {"M8", "top left", Step::mask, cross_causal, [](Program& p) { diagonal(p, 0); }},
      {"M9", "-10", Step::scores_masked, causal, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? -10 : score; }); }},
      {"M9", "-1e4", Step::scores_masked, causal, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? -1e4 : score; }); }},
      {"M9", "-1e6", Step::scores_masked, causal, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? -1e6 : score; }); }},
      {"M9", "-1e20", Step::scores_masked, causal, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? -1e20 : score; }); }},
      {"M9", "-1e9", Step::scores_masked, causal, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? -1e9 : score; }); }},
      {"M9", "-1e9 added", Step::scores_masked, causal, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? score - 1e9 : score; }); }},
      {"M9", "-1e4 added", Step::scores_masked, causal, [](Program& p) { masked_by(p, [](double score, bool forbidden) { return forbidden ? score - 1e4 : score; }); }},
      {"M11", "NaN", Step::weights, hidden_sample, [](Program& p) { hidden_rows(p, std::numeric_limits<double>::quiet_NaN()); }},
      {"M11", "uniform", Step::weights, hidden_sample, [](Program& p) { hidden_rows(p, 0.2); }},
      // Mask n of the folded (B·H) is that of sample n mod 2.
      {"M12", "", Step::mask, padded, [](Program& p) { mask_by(p, [](Index b, Index h, Index, Index j) { return forbid_if(j >= 3 + (3 * b + h) % 2); }); }},
      {"M13", "left side one more", Step::mask, windowed, [=](Program& p) { window(p, 2, 2); }},
      {"M13", "left side one less", Step::mask, windowed, [=](Program& p) { window(p, 0, 2); }},
      {"M13", "right side one more", Step::mask, windowed, [=](Program& p) { window(p, 1, 3); }},
      {"M13", "right side one less", Step::mask, windowed, [=](Program& p) { window(p, 1, 1); }},
      {"M13", "both sides one more", Step::mask, windowed, [=](Program& p) { window(p, 2, 3); }},
      {"M13", "both sides one less", Step::mask, windowed, [=](Program& p) { window(p, 0, 1); }},
      {"M15", "all rules", Step::mask, causal, [=](Program& p) { mask_by(p, nothing); }},
      {"M15", "causal", Step::mask, causal, [=](Program& p) { mask_by(p, nothing); }},
      {"M15", "padding", Step::mask, padded, [=](Program& p) { mask_by(p, nothing); }},
      {"M15", "window", Step::mask, windowed, [=](Program& p) { mask_by(p, nothing); }},
      {"M15", "left side of the window", Step::mask, windowed, [](Program& p) { mask_by(p, [](Index, Index, Index i, Index j) { return forbid_if(j > i + 2); }); }},
      {"M15", "right side of the window", Step::mask, windowed, [](Program& p) { mask_by(p, [](Index, Index, Index i, Index j) { return forbid_if(j + 1 < i); }); }},
      {"M15", "the given mask", Step::mask, biased, [=](Program& p) { mask_by(p, nothing); }},
      {"M15", "when the scores are masked", Step::scores_masked, causal, [](Program& p) { p.replaced[Step::scores_masked] = unmasked_scores(); }},
      {"M16", "causal", Step::mask, causal, [](Program& p) { mask_by(p, [](Index, Index, Index i, Index j) { return forbid_if(j < i); }); }},
  };
}

/// Those of planted_mask() that a part of the table has.
inline std::vector<Planted> planted_in(const std::vector<attn::Mistake>& part) {
  std::vector<Planted> planted;
  for (const Planted& mistake : planted_mask()) {
    const auto same = [&](const attn::Mistake& row) { return row.id == mistake.id && row.variant == mistake.variant; };
    if (std::any_of(part.begin(), part.end(), same)) planted.push_back(mistake);
  }
  return planted;
}

}  // namespace loops
