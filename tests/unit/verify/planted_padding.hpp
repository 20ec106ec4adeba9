// Programs that leave zeros where there is no token, at the end or after every step.
#pragma once

#include "verify/cases.hpp"

namespace loops {

// padded(): positions 3 and 4 of sample 0, and 4 of sample 1, are padding.
inline bool counts(Index sample, Index position) { return position < 3 + sample; }

inline Array with_zeros_in_padding(const Array& a, bool columns_too) {
  if (a.dimension() == 3) return cells3(attn::shape_of(a), [&](Index b, Index l, Index c) { return counts(b, l) ? a(b, l, c) : 0.0; });
  return cells4(attn::shape_of(a), [&](Index b, Index h, Index i, Index j) {
    return counts(b, i) && (!columns_too || counts(b, j)) ? a(b, h, i, j) : 0.0;
  });
}

inline void export_zeros(Program& p, Step step) {
  const bool scores = step == Step::scores_raw || step == Step::scores_scaled;
  p.exported[step] = [step, scores](const Program&, const Tensors& t) { return with_zeros_in_padding(t.at(step), scores); };
}

inline std::vector<Planted> planted_padding() {
  return {
      {"M17", "", Step::output, padded, [](Program& p) { export_zeros(p, Step::output); }},
      {"M17", "", Step::k, padded, [](Program& p) { export_zeros(p, Step::k); }},
      {"M17", "", Step::q_proj, padded, [](Program& p) {
         for (const Step step : {Step::q_proj, Step::k_proj, Step::v_proj, Step::q, Step::k, Step::v, Step::scores_raw, Step::scores_scaled,
                                 Step::scores_masked, Step::weights, Step::heads, Step::merged, Step::output}) {
           export_zeros(p, step);
         }
       }},
  };
}

}  // namespace loops
