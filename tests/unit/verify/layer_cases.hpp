// A decoder layer as a problem of verification, with numbers that hide nothing: gains and shifts away from one
// and zero, rows of small variance, pairwise different sizes.
#pragma once

#include "naive.hpp"

#include <attn/verify/layer_problem.hpp>

namespace layers {

inline attn::MultiheadWeights<double> attention_weights(std::uint32_t seed) {
  attn::MultiheadWeights<double> w;
  w.w_q = naive::numbers<double>({6, 6}, seed);
  w.b_q = naive::numbers<double>({6}, seed + 1);
  w.w_k = naive::numbers<double>({6, 6}, seed + 2);
  w.b_k = naive::numbers<double>({6}, seed + 3);
  w.w_v = naive::numbers<double>({6, 6}, seed + 4);
  w.b_v = naive::numbers<double>({6}, seed + 5);
  w.w_o = naive::numbers<double>({6, 6}, seed + 6);
  w.b_o = naive::numbers<double>({6}, seed + 7);
  return w;
}

inline attn::NormWeights<double> norm_weights(std::uint32_t seed) {
  return {naive::numbers<double>({6}, seed), naive::numbers<double>({6}, seed + 1)};
}

struct Case {
  attn::LayerWeights<double> weights;
  attn::LayerOptions<double> options;
  attn::LayerInputs<double> inputs;
};

/// B 2, Lq 4, Lk 5, E 6, three heads of 2, F 9; causal, with padding in the memory.
inline Case decoder(attn::NormPlacement placement, attn::NormKind kind = attn::NormKind::layer) {
  Case c;
  c.weights.self = {attention_weights(10), {}, norm_weights(30)};
  c.weights.cross = attn::AttentionBlockWeights<double>{attention_weights(40), {}, norm_weights(60)};
  c.weights.ffn.maps.w_1 = naive::numbers<double>({6, 9}, 70);
  c.weights.ffn.maps.b_1 = naive::numbers<double>({9}, 71);
  c.weights.ffn.maps.w_2 = naive::numbers<double>({9, 6}, 72);
  c.weights.ffn.maps.b_2 = naive::numbers<double>({6}, 73);
  c.weights.ffn.norm = norm_weights(80);
  c.options.self.heads = c.options.self.kv_heads = c.options.cross.heads = c.options.cross.kv_heads = 3;
  c.options.self.attention.mask.causal = true;
  c.options.cross.attention.mask.valid_lens = {5, 3};
  c.options.placement = placement;
  c.options.norm.kind = kind;
  c.options.norm.eps = 1e-5;
  c.inputs.x = naive::numbers<double>({2, 4, 6}, 90);
  c.inputs.memory = naive::numbers<double>({2, 5, 6}, 91);
  return c;
}

inline attn::LayerSteps<double> run(const Case& c) { return attn::layer(c.inputs, c.weights, c.options); }

inline attn::Problem<double> problem_of(const Case& c) { return attn::problem_of_layer(run(c), c.weights, c.options); }

}  // namespace layers
