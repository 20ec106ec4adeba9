// The runs that the tests of verification make mistakes in. Sizes differ from each other wherever a
// mistake could hide behind equal ones.
#pragma once

#include "verify/loops.hpp"

#include <string>

namespace loops {

inline attn::MultiheadWeights<double> square_weights(Index width) {
  attn::MultiheadWeights<double> w;
  w.w_q = naive::numbers<double>({width, width}, 1);
  w.w_k = naive::numbers<double>({width, width}, 2);
  w.w_v = naive::numbers<double>({width, width}, 3);
  w.w_o = naive::numbers<double>({width, width}, 4);
  w.b_q = naive::numbers<double>({width}, 5);
  w.b_k = naive::numbers<double>({width}, 6);
  w.b_v = naive::numbers<double>({width}, 7);
  w.b_o = naive::numbers<double>({width}, 8);
  return w;
}

/// Self-attention: B 2, L 5, E 6, three heads of 2, square maps, biases, no mask.
inline Case square() {
  Case c;
  c.inputs.x = naive::numbers<double>({2, 5, 6}, 11);
  c.weights = square_weights(6);
  c.options.heads = c.options.kv_heads = 3;
  return c;
}

/// Cross-attention: B 2, Lq 3, Lk 5, E 6, four query heads of 3 on two key heads, value heads of 3.
inline Case cross() {
  Case c;
  c.inputs.x = naive::numbers<double>({2, 3, 6}, 12);
  c.inputs.memory = naive::numbers<double>({2, 5, 6}, 13);
  c.weights = square_weights(6);
  c.weights.w_q = naive::numbers<double>({6, 12}, 14);
  c.weights.b_q = naive::numbers<double>({12}, 15);
  c.weights.w_o = naive::numbers<double>({12, 6}, 16);
  c.options.heads = 4;
  c.options.kv_heads = 2;
  return c;
}

/// cross() with the causal rule from the bottom right: query i stands at position i + 5 − 3.
inline Case cross_causal() {
  Case c = cross();
  c.options.attention.mask.causal = true;
  c.options.attention.mask.align = attn::CausalAlign::bottom_right;
  c.mask = [](Index, Index, Index i, Index j) { return j <= i + 2 ? 0.0 : -infinity; };
  return c;
}

/// square() with the causal rule.
inline Case causal() {
  Case c = square();
  c.options.attention.mask.causal = true;
  c.mask = [](Index, Index, Index i, Index j) { return j <= i ? 0.0 : -infinity; };
  return c;
}

/// square() with 3 and 4 valid keys.
inline Case padded() {
  Case c = square();
  c.options.attention.mask.valid_lens = {3, 4};
  c.mask = [](Index b, Index, Index, Index j) { return j < 3 + b ? 0.0 : -infinity; };
  return c;
}

/// square() with a given mask [B, H, Lq, Lk] of numbers to add, −inf where 7b + 3h + 2i + j is a multiple of 4.
inline Case biased() {
  Case c = square();
  const auto added = [](Index b, Index h, Index i, Index j) {
    const Index n = 7 * b + 3 * h + 2 * i + j;
    return n % 4 == 0 ? -infinity : 0.125 * static_cast<double>(n % 5);
  };
  c.options.attention.mask.given = cells4({2, 3, 5, 5}, added);
  c.mask = added;
  return c;
}

/// square() with the window of one key to the left and two to the right.
inline Case windowed() {
  Case c = square();
  c.options.attention.mask.window = {1, 2};
  c.mask = [](Index, Index, Index i, Index j) { return j + 1 >= i && j <= i + 2 ? 0.0 : -infinity; };
  return c;
}

/// padded() where sample 0 has no valid key: every one of its rows is fully masked.
inline Case hidden_sample() {
  Case c = square();
  c.options.attention.mask.valid_lens = {0, 4};
  c.mask = [](Index b, Index, Index, Index j) { return j < 4 * b ? 0.0 : -infinity; };
  return c;
}

/// causal() with a soft cap of 0.5.
inline Case capped() {
  Case c = causal();
  c.options.attention.softcap = 0.5;
  return c;
}

/// square() with the scale 0.3 asked for.
inline Case rescaled() {
  Case c = square();
  c.options.attention.scale = 0.3;
  return c;
}

/// square() with queries of such a size that scores pass 88.7, where exp overflows in float32.
inline Case large() {
  Case c = square();
  for (double& value : c.inputs.x.storage()) value *= 20;
  return c;
}

/// A mistake planted in a program: what the library calls it, where it is seen first, and what it does.
struct Planted {
  std::string id;
  std::string variant;
  Step first;
  Case (*made_in)();
  std::function<void(Program&)> plant;
  Program program() const {
    Program result{made_in(), {}, {}};
    plant(result);
    return result;
  }
};

}  // namespace loops
