// A small model for the tests of whole Transformers: E = 4, two heads of 2, F = 6, fixed aperiodic weights.
#pragma once

#include <attn/ops/transformer.hpp>

#include "naive.hpp"

#include <cstdint>

namespace attn {

inline NormWeights<double> small_norm(std::uint32_t seed) {
  return {naive::numbers<double>({4}, seed), naive::numbers<double>({4}, seed + 1)};
}

inline AttentionBlockWeights<double> small_block(std::uint32_t seed) {
  AttentionBlockWeights<double> block;
  block.attention.w_q = naive::numbers<double>({4, 4}, seed);
  block.attention.w_k = naive::numbers<double>({4, 4}, seed + 1);
  block.attention.w_v = naive::numbers<double>({4, 4}, seed + 2);
  block.attention.w_o = naive::numbers<double>({4, 4}, seed + 3);
  block.attention.b_k = naive::numbers<double>({4}, seed + 4);
  block.norm = small_norm(seed + 5);
  return block;
}

inline LayerWeights<double> small_layer(bool cross, std::uint32_t seed) {
  LayerWeights<double> layer;
  layer.self = small_block(seed);
  if (cross) layer.cross = small_block(seed + 20);
  layer.ffn.maps.w_1 = naive::numbers<double>({4, 6}, seed + 40);
  layer.ffn.maps.w_2 = naive::numbers<double>({6, 4}, seed + 41);
  layer.ffn.norm = small_norm(seed + 42);
  return layer;
}

/// Two decoder layers over a vocabulary of 7 with 8 positions; with `encoder`, two encoder layers before them.
inline TransformerWeights<double> small_transformer(bool encoder) {
  TransformerWeights<double> weights;
  const auto stack = [](bool cross, std::uint32_t seed) {
    StackWeights<double> part;
    part.embedding.token_table = naive::numbers<double>({7, 4}, seed);
    part.embedding.position_table = naive::numbers<double>({8, 4}, seed + 1);
    part.layers = {small_layer(cross, seed + 100), small_layer(cross, seed + 200)};
    part.final_norm = small_norm(seed + 300);
    return part;
  };
  if (encoder) weights.encoder = stack(false, 1000);
  weights.decoder = stack(encoder, 2000);
  weights.w_out = naive::numbers<double>({4, 7}, 3000);
  weights.b_out = naive::numbers<double>({7}, 3001);
  return weights;
}

inline StackOptions<double> small_options(NormPlacement placement = NormPlacement::pre) {
  StackOptions<double> options;
  options.layer.self.heads = options.layer.self.kv_heads = 2;
  options.layer.cross.heads = options.layer.cross.kv_heads = 2;
  options.layer.placement = placement;
  return options;
}

}  // namespace attn
