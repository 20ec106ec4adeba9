// Mistakes in the softmax, dropout left on, and weights that are shown wrongly, each as a plain program.
#pragma once

#include "verify/cases.hpp"

namespace loops {

// exp of every score over the sum of exp of the cells that `same(cell, other)` puts together.
template <class Same>
void softmax_over(Program& p, Same same) {
  p.replaced[Step::weights] = [same](const Program&, const Tensors& t) {
    const Array& s = t.at(Step::scores_masked);
    return cells4(attn::shape_of(s), [&](Index b, Index h, Index i, Index j) {
      double sum = 0;
      cells4(attn::shape_of(s), [&](Index b2, Index h2, Index i2, Index j2) {
        if (same(Shape{b, h, i, j}, Shape{b2, h2, i2, j2})) sum += std::exp(s(b2, h2, i2, j2));
        return 0.0;
      });
      return std::exp(s(b, h, i, j)) / sum;
    });
  };
}

inline Array mean_of_heads(const Array& weights) {
  return cells3({weights.shape(0), weights.shape(2), weights.shape(3)}, [&](Index b, Index i, Index j) {
    double sum = 0;
    for (Index h = 0; h < weights.shape(1); ++h) sum += weights(b, h, i, j);
    return sum / static_cast<double>(weights.shape(1));
  });
}

inline std::vector<Planted> planted_softmax() {
  using P = const Program&;
  using T = const Tensors&;
  return {
      {"W1", "over queries", Step::weights, square, [](Program& p) { softmax_over(p, [](const Shape& a, const Shape& b) { return a[0] == b[0] && a[1] == b[1] && a[3] == b[3]; }); }},
      {"W1", "over the batch", Step::weights, square, [](Program& p) { softmax_over(p, [](const Shape& a, const Shape& b) { return a[1] == b[1] && a[2] == b[2] && a[3] == b[3]; }); }},
      {"W2", "over heads", Step::weights, square, [](Program& p) { softmax_over(p, [](const Shape& a, const Shape& b) { return a[0] == b[0] && a[2] == b[2] && a[3] == b[3]; }); }},
      {"W2", "over heads and keys", Step::weights, square, [](Program& p) { softmax_over(p, [](const Shape& a, const Shape& b) { return a[0] == b[0] && a[2] == b[2]; }); }},
      // exp in float32 is infinite beyond 88.7; a row with such a cell gives 0 or NaN.
      {"W3", "", Step::weights, large, [](Program& p) {
         p.replaced[Step::weights] = [](P, T t) {
           const Array& s = t.at(Step::scores_masked);
           return cells4(attn::shape_of(s), [&](Index b, Index h, Index i, Index j) {
             float sum = 0;
             for (Index k = 0; k < 5; ++k) sum += std::exp(static_cast<float>(s(b, h, i, k)));
             return static_cast<double>(std::exp(static_cast<float>(s(b, h, i, j)))) / static_cast<double>(sum);
           });
         };
       }},
      // One weight in four is dropped, the others divided by 3/4.
      {"W4", "", Step::weights, square, [](Program& p) {
         p.replaced[Step::weights] = [](P s, T t) {
           const Array own = s.right(Step::weights, t);
           return cells4(attn::shape_of(own), [&](Index b, Index h, Index i, Index j) {
             return (13 * b + 5 * h + 3 * i + j) % 4 == 0 ? 0.0 : own(b, h, i, j) / 0.75;
           });
         };
       }},
      // 0/0 where a rule forbids all that is summed.
      {"W1", "over queries, NaN", Step::weights, padded, [](Program& p) { softmax_over(p, [](const Shape& a, const Shape& b) { return a[0] == b[0] && a[1] == b[1] && a[3] == b[3]; }); }},
      {"W1", "over the batch, NaN", Step::weights, causal, [](Program& p) { softmax_over(p, [](const Shape& a, const Shape& b) { return a[1] == b[1] && a[2] == b[2] && a[3] == b[3]; }); }},
      {"W2", "over heads, NaN", Step::weights, causal, [](Program& p) { softmax_over(p, [](const Shape& a, const Shape& b) { return a[0] == b[0] && a[2] == b[2] && a[3] == b[3]; }); }},
      {"W5", "", Step::weights, square, [](Program& p) { p.exported[Step::weights] = [](P, T t) { return mean_of_heads(t.at(Step::weights)); }; }},
      {"W5", "in every head's place", Step::weights, square, [](Program& p) {
         p.exported[Step::weights] = [](P, T t) {
           const Array mean = mean_of_heads(t.at(Step::weights));
           return cells4({2, 3, 5, 5}, [&](Index b, Index, Index i, Index j) { return mean(b, i, j); });
         };
       }},
      {"W7", "", Step::weights, square, [](Program& p) { p.replaced[Step::weights] = [](P, T) { return attn::filled<double>({2, 3, 5, 5}, 1.0); }; }},
      {"S5", "", Step::weights, square, [](Program& p) {
         p.exported[Step::weights] = [](P, T t) {
           return cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) { return t.at(Step::weights)(b, h, j, i); });
         };
       }},
  };
}

}  // namespace loops
