// Mistakes in splitting into heads, sharing keys among heads, and merging, each as a plain program.
#pragma once

#include "verify/cases.hpp"

namespace loops {

// The flat data of (B, L, H·D) read as (B, H, L, D).
inline Array read_flat(const Array& projected, Index heads) {
  const Index length = projected.shape(1), width = projected.shape(2) / heads;
  return cells4({projected.shape(0), heads, length, width}, [&](Index b, Index h, Index l, Index d) {
    return projected.data()[((b * heads + h) * length + l) * width + d];
  });
}

inline Program::Compute split_flat(Step projection) {
  return [projection](const Program&, const Tensors& t) { return read_flat(t.at(projection), 3); };
}

inline Program::Compute split_strided_from(Step projection) {
  return [projection](const Program&, const Tensors& t) {
    const Array& source = t.at(projection);
    return cells4({source.shape(0), 3, source.shape(1), source.shape(2) / 3}, [&](Index b, Index h, Index l, Index d) { return source(b, l, 3 * d + h); });
  };
}

// Slice n = b·H + h of the result is slice h·B + b of the folded tensor.
inline Array unfolded_wrongly(const Array& own) {
  const Index batch = own.shape(0), heads = own.shape(1);
  return cells4(attn::shape_of(own), [&](Index b, Index h, Index i, Index j) {
    const Index n = h * batch + b;
    return own(n / heads, n % heads, i, j);
  });
}

// (B, L, H·D), with the cell (b, l, c) from the heads of sample b.
template <class F>
Array merged_from(const Array& heads, F&& cell) {
  return cells3({heads.shape(0), heads.shape(2), heads.shape(1) * heads.shape(3)}, [&](Index b, Index l, Index c) { return cell(b, l, c); });
}

inline std::vector<Planted> planted_heads() {
  using P = const Program&;
  using T = const Tensors&;
  const auto order = [](const Array& own) {  // heads 1, 2, 0
    return cells4(attn::shape_of(own), [&](Index b, Index h, Index i, Index j) { return own(b, (h + 1) % 3, i, j); });
  };
  const auto tiled = [](const Array& keys) {  // two key heads for four query heads: 0, 1, 0, 1
    return cells4({keys.shape(0), 4, keys.shape(2), keys.shape(3)}, [&](Index b, Index h, Index j, Index d) { return keys(b, h % 2, j, d); });
  };
  return {
      {"H1", "q, k and v", Step::q, square, [](Program& p) {
         p.replaced[Step::q] = split_flat(Step::q_proj);
         p.replaced[Step::k] = split_flat(Step::k_proj);
         p.replaced[Step::v] = split_flat(Step::v_proj);
       }},
      {"H1", "k", Step::k, square, [](Program& p) { p.replaced[Step::k] = split_flat(Step::k_proj); }},
      {"H2", "", Step::merged, square, [](Program& p) {
         p.replaced[Step::merged] = [](P, T t) {
           const Array& heads = t.at(Step::heads);
           const Index length = heads.shape(2), width = heads.shape(1) * heads.shape(3);
           return merged_from(heads, [&](Index b, Index l, Index c) { return heads.data()[(b * length + l) * width + c]; });
         };
       }},
      {"H4", "columns (D, H) in q, k and v", Step::q, square, [](Program& p) {
         p.replaced[Step::q] = split_strided_from(Step::q_proj);
         p.replaced[Step::k] = split_strided_from(Step::k_proj);
         p.replaced[Step::v] = split_strided_from(Step::v_proj);
       }},
      {"H4", "columns (D, H) when merging", Step::merged, square, [](Program& p) {
         p.replaced[Step::merged] = [](P, T t) {
           const Array& heads = t.at(Step::heads);
           return merged_from(heads, [&](Index b, Index l, Index c) { return heads(b, c % 3, l, c / 3); });
         };
       }},
      {"H4", "heads in another order", Step::heads, square, [=](Program& p) {
         p.replaced[Step::heads] = [=](P s, T t) { return order(s.right(Step::heads, t)); };
       }},
      {"H5", "heads", Step::heads, square, [](Program& p) {
         p.replaced[Step::heads] = [](P s, T t) { return unfolded_wrongly(s.right(Step::heads, t)); };
       }},
      {"H5", "q, k and v", Step::q, square, [](Program& p) {
         for (const Step step : {Step::q, Step::k, Step::v}) {
           p.replaced[step] = [step](P s, T t) { return unfolded_wrongly(s.right(step, t)); };
         }
       }},
      {"H5", "weights", Step::weights, square, [](Program& p) {
         p.replaced[Step::weights] = [](P s, T t) { return unfolded_wrongly(s.right(Step::weights, t)); };
       }},
      {"G1", "", Step::scores_raw, cross, [=](Program& p) {
         p.replaced[Step::scores_raw] = [=](P, T t) { return Program::products(t.at(Step::q), tiled(t.at(Step::k))); };
         p.replaced[Step::heads] = [=](P, T t) { return Program::sums(t.at(Step::weights), tiled(t.at(Step::v))); };
       }},
      {"G1", "values only", Step::heads, cross, [=](Program& p) {
         p.replaced[Step::heads] = [=](P, T t) { return Program::sums(t.at(Step::weights), tiled(t.at(Step::v))); };
       }},
      // Every key stands twice in the sequence: twice the columns, half the weight.
      {"G2", "", Step::scores_raw, cross, [](Program& p) {
         for (const Step step : {Step::scores_raw, Step::scores_scaled, Step::scores_masked, Step::weights}) {
           p.exported[step] = [step](P, T t) {
             const double share = step == Step::weights ? 0.5 : 1.0;
             return cells4({2, 4, 3, 10}, [&](Index b, Index h, Index i, Index j) { return t.at(step)(b, h, i, j % 5) * share; });
           };
         }
       }},
  };
}

}  // namespace loops
