// Mistakes in the product of queries and keys, the scale and the soft cap, each as a plain program.
#pragma once

#include "verify/cases.hpp"

namespace loops {

inline void scale_by(Program& p, double factor) {
  p.replaced[Step::scores_scaled] = [factor](const Program&, const Tensors& t) {
    return Program::each(t.at(Step::scores_raw), [factor](double s) { return s * factor; });
  };
}

// A step times a factor.
inline Program::Compute times(Step step, double factor) {
  return [=](const Program& s, const Tensors& t) { return Program::each(s.right(step, t), [factor](double v) { return v * factor; }); };
}

inline std::vector<Planted> planted_scores() {
  using P = const Program&;
  using T = const Tensors&;
  const double root = std::sqrt(2.0);  // √D of square()
  return {
      {"P5", "", Step::scores_raw, square, [](Program& p) {
         p.replaced[Step::scores_raw] = [](P, T t) {  // k·qᵀ
           return cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) {
             double sum = 0;
             for (Index d = 0; d < 2; ++d) sum += t.at(Step::k)(b, h, i, d) * t.at(Step::q)(b, h, j, d);
             return sum;
           });
         };
       }},
      {"C1", "", Step::scores_scaled, square, [](Program& p) { scale_by(p, 1 / std::sqrt(6.0)); }},
      {"C2", "", Step::scores_scaled, square, [](Program& p) { scale_by(p, 1); }},
      {"C3", "", Step::scores_scaled, square, [](Program& p) { scale_by(p, 1 / 2.0); }},
      {"C4", "", Step::scores_scaled, square, [=](Program& p) { scale_by(p, root); }},
      {"C5", "", Step::scores_scaled, rescaled, [](Program& p) { scale_by(p, 0.3 * 0.3); }},
      {"C6", "on q", Step::q, square, [=](Program& p) {
         p.replaced[Step::q] = times(Step::q, 1 / root);
         scale_by(p, 1);
       }},
      {"C6", "on q and k", Step::q, square, [](Program& p) {
         const double fourth_root = std::sqrt(std::sqrt(2.0));
         p.replaced[Step::q] = times(Step::q, 1 / fourth_root);
         p.replaced[Step::k] = times(Step::k, 1 / fourth_root);
         scale_by(p, 1);
       }},
      {"C6", "inside the product", Step::scores_raw, square, [=](Program& p) {
         p.replaced[Step::scores_raw] = times(Step::scores_raw, 1 / root);
         scale_by(p, 1);
       }},
      {"C7", "scale ignored", Step::scores_scaled, rescaled, [=](Program& p) { scale_by(p, 1 / root); }},
      {"C7", "another factor in the softmax", Step::weights, square, [](Program& p) {
         p.replaced[Step::weights] = [](const Program&, const Tensors& t) {
           Array scores = t.at(Step::scores_masked);
           for (double& score : scores.storage()) score *= 0.7;
           return softmax_rows(scores);
         };
       }},
      {"C7", "another factor", Step::scores_scaled, square, [=](Program& p) { scale_by(p, 0.7 / root); }},
      {"X1", "", Step::scores_capped, capped, [](Program& p) {
         p.replaced[Step::scores_capped] = [](P, T t) { return t.at(Step::scores_scaled); };
         p.replaced[Step::scores_masked] = [](P s, T t) {  // 0.5·tanh(−inf) = −0.5
           return cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) {
             return s.given.mask(b, h, i, j) == -infinity ? -0.5 : 0.5 * std::tanh(t.at(Step::scores_scaled)(b, h, i, j) / 0.5);
           });
         };
       }},
      {"X2", "missing", Step::scores_capped, capped, [](Program& p) { p.replaced[Step::scores_capped] = [](P, T t) { return t.at(Step::scores_scaled); }; }},
      {"X2", "another cap", Step::scores_capped, capped, [](Program& p) {
         p.replaced[Step::scores_capped] = [](P, T t) { return Program::each(t.at(Step::scores_scaled), [](double s) { return std::tanh(s); }); };
       }},
  };
}

}  // namespace loops
