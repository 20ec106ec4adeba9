// Mistakes in the linear maps and in what is fed to them, each as a plain program.
#pragma once

#include "verify/cases.hpp"

namespace loops {

inline Array turned(const Array& w) {
  Array result = attn::empty<double>({w.shape(1), w.shape(0)});
  for (Index r = 0; r < w.shape(0); ++r) {
    for (Index c = 0; c < w.shape(1); ++c) result(c, r) = w(r, c);
  }
  return result;
}

// W with only the blocks on the diagonal: head h sees its own slice of the input.
inline Array block_diagonal(Array w, Index heads) {
  for (Index r = 0; r < w.shape(0); ++r) {
    for (Index c = 0; c < w.shape(1); ++c) {
      if (r * heads / w.shape(0) != c * heads / w.shape(1)) w(r, c) = 0;
    }
  }
  return w;
}

// Column c of the packed product [q | k | v] of a square case.
inline double packed(const Program& p, Index b, Index l, Index c) {
  const auto& w = p.given.weights;
  const Index width = w.w_q->shape(1);
  const Array& matrix = c < width ? *w.w_q : c < 2 * width ? *w.w_k : *w.w_v;
  const Array& bias = c < width ? *w.b_q : c < 2 * width ? *w.b_k : *w.b_v;
  double sum = 0;
  for (Index e = 0; e < matrix.shape(0); ++e) sum += p.x()(b, l, e) * matrix(e, c % width);
  return sum + bias(c % width);
}

// q, k and v where number `which` takes column c of its own from column(which, head, d) of the packed product.
template <class Column>
void unpack(Program& p, Column column) {
  const Step steps[] = {Step::q_proj, Step::k_proj, Step::v_proj};
  for (Index which = 0; which < 3; ++which) {
    p.replaced[steps[which]] = [=](const Program& self, const Tensors&) {
      return cells3({2, 5, 6}, [&](Index b, Index l, Index c) { return packed(self, b, l, column(which, c / 2, c % 2)); });
    };
  }
}

inline std::vector<Planted> planted_projections() {
  using P = const Program&;
  using T = const Tensors&;
  const auto sample_0 = [](const Array& t) { return cells4(attn::shape_of(t), [&](Index, Index h, Index l, Index d) { return t(0, h, l, d); }); };
  return {
      {"P1", "q, k and v", Step::q_proj, square, [](Program& p) {
         p.replaced[Step::q_proj] = [](P s, T) { return mapped(s.x(), turned(*s.given.weights.w_q), s.given.weights.b_q); };
         p.replaced[Step::k_proj] = [](P s, T) { return mapped(s.x(), turned(*s.given.weights.w_k), s.given.weights.b_k); };
         p.replaced[Step::v_proj] = [](P s, T) { return mapped(s.x(), turned(*s.given.weights.w_v), s.given.weights.b_v); };
       }},
      {"P1", "v", Step::v_proj, square, [](Program& p) {
         p.replaced[Step::v_proj] = [](P s, T) { return mapped(s.x(), turned(*s.given.weights.w_v), s.given.weights.b_v); };
       }},
      {"P2", "q and k exchanged", Step::q_proj, square, [](Program& p) {
         p.replaced[Step::q_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_k, s.given.weights.b_k); };
         p.replaced[Step::k_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_q, s.given.weights.b_q); };
       }},
      {"P2", "order v, q, k", Step::q_proj, square, [](Program& p) {
         p.replaced[Step::q_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_v, s.given.weights.b_v); };
         p.replaced[Step::k_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_q, s.given.weights.b_q); };
         p.replaced[Step::v_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_k, s.given.weights.b_k); };
       }},
      {"P3", "q", Step::q_proj, square, [](Program& p) {
         p.replaced[Step::q_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_q, std::nullopt); };
       }},
      {"P3", "k", Step::k_proj, square, [](Program& p) {
         p.replaced[Step::k_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_k, std::nullopt); };
       }},
      {"P3", "output", Step::output, square, [](Program& p) {
         p.replaced[Step::output] = [](P s, T t) { return mapped(t.at(Step::merged), *s.given.weights.w_o, std::nullopt); };
       }},
      {"P4", "[H, 3, D]", Step::q_proj, square, [](Program& p) { unpack(p, [](Index which, Index h, Index d) { return 6 * h + 2 * which + d; }); }},
      {"P4", "[H, D, 3]", Step::q_proj, square, [](Program& p) { unpack(p, [](Index which, Index h, Index d) { return 6 * h + 3 * d + which; }); }},
      {"P6", "", Step::q_proj, cross, [](Program& p) {
         p.replaced[Step::q_proj] = [](P s, T) { return mapped(s.memory(), *s.given.weights.w_q, s.given.weights.b_q); };
         p.replaced[Step::k_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_k, s.given.weights.b_k); };
         p.replaced[Step::v_proj] = [](P s, T) { return mapped(s.x(), *s.given.weights.w_v, s.given.weights.b_v); };
       }},
      {"P7", "values are the input", Step::v_proj, square, [](Program& p) { p.replaced[Step::v_proj] = [](P s, T) { return s.x(); }; }},
      {"P7", "values are the keys", Step::v_proj, square, [](Program& p) { p.replaced[Step::v_proj] = [](P, T t) { return t.at(Step::k_proj); }; }},
      {"P7", "values are the keys", Step::v, square, [](Program& p) { p.replaced[Step::v] = [](P, T t) { return t.at(Step::k); }; }},
      {"P7", "the keys are averaged", Step::heads, square, [](Program& p) { p.replaced[Step::heads] = [](P, T t) { return Program::sums(t.at(Step::weights), t.at(Step::k)); }; }},
      {"P8", "missing", Step::output, square, [](Program& p) { p.replaced[Step::output] = [](P, T t) { return t.at(Step::merged); }; }},
      {"P8", "transposed", Step::output, square, [](Program& p) {
         p.replaced[Step::output] = [](P s, T t) { return mapped(t.at(Step::merged), turned(*s.given.weights.w_o), s.given.weights.b_o); };
       }},
      {"H3", "", Step::q_proj, square, [](Program& p) {
         p.replaced[Step::q_proj] = [](P s, T) { return mapped(s.x(), block_diagonal(*s.given.weights.w_q, 3), s.given.weights.b_q); };
         p.replaced[Step::k_proj] = [](P s, T) { return mapped(s.x(), block_diagonal(*s.given.weights.w_k, 3), s.given.weights.b_k); };
         p.replaced[Step::v_proj] = [](P s, T) { return mapped(s.x(), block_diagonal(*s.given.weights.w_v, 3), s.given.weights.b_v); };
       }},
      {"S4", "keys and values", Step::k, square, [=](Program& p) {
         p.replaced[Step::k] = [=](P s, T t) { return sample_0(s.right(Step::k, t)); };
         p.replaced[Step::v] = [=](P s, T t) { return sample_0(s.right(Step::v, t)); };
       }},
      {"S4", "queries, keys and values", Step::q, square, [=](Program& p) {
         for (const Step step : {Step::q, Step::k, Step::v}) {
           p.replaced[step] = [=](P s, T t) { return sample_0(s.right(step, t)); };
         }
       }},
      {"S4", "mask", Step::mask, padded, [=](Program& p) { p.replaced[Step::mask] = [=](P s, T t) { return sample_0(s.right(Step::mask, t)); }; }},
      // Position l of every sample attends to position l of the other samples.
      {"S3", "", Step::q, square, [](Program& p) {
         for (const Step step : {Step::q, Step::k, Step::v}) {
           p.replaced[step] = [step](P s, T t) {
             const Array own = s.right(step, t);
             return cells4({5, 3, 2, 2}, [&](Index l, Index h, Index b, Index d) { return own(b, h, l, d); });
           };
         }
         p.replaced[Step::merged] = [](P, T t) {
           return cells3({2, 5, 6}, [&](Index b, Index l, Index c) { return t.at(Step::heads)(l, c / 2, b, c % 2); });
         };
       }},
  };
}

}  // namespace loops
