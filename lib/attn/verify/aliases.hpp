// What other systems call our steps: add a row for a name.
#pragma once

#include <attn/steps.hpp>

#include <string_view>

namespace attn {

/// A name that another system gives to one of our steps, and the order in which it keeps the axes.
enum class AxisOrder { ours, length_before_heads };

struct Alias {
  std::string_view name;
  Step step;
  AxisOrder order;
};

inline constexpr Alias aliases[] = {
    // PyTorch, torch.nn.functional.multi_head_attention_forward
    {"attn_output_weights", Step::weights, AxisOrder::ours},
    {"attn_output_weights", Step::weights_averaged, AxisOrder::ours},
    {"attn_weights", Step::weights, AxisOrder::ours},
    {"attn_weight", Step::weights, AxisOrder::ours},
    {"attn_output", Step::output, AxisOrder::ours},
    {"attn_mask", Step::mask, AxisOrder::ours},
    {"query", Step::x, AxisOrder::ours},
    // Dive into Deep Learning
    {"queries", Step::q, AxisOrder::ours},
    {"keys", Step::k, AxisOrder::ours},
    {"values", Step::v, AxisOrder::ours},
    {"scores", Step::scores_scaled, AxisOrder::ours},
    {"attention_weights", Step::weights, AxisOrder::ours},
    {"output_concat", Step::merged, AxisOrder::ours},
    // the documents' own modules, and The Annotated Transformer
    {"energy", Step::scores_raw, AxisOrder::ours},
    {"attention", Step::weights, AxisOrder::ours},
    {"p_attn", Step::weights, AxisOrder::ours},
    {"context", Step::heads, AxisOrder::ours},
    {"raw_weights", Step::scores_raw, AxisOrder::ours},
    // TransformerLens
    {"hook_q", Step::q, AxisOrder::length_before_heads},
    {"hook_k", Step::k, AxisOrder::length_before_heads},
    {"hook_v", Step::v, AxisOrder::length_before_heads},
    {"hook_attn_scores", Step::scores_masked, AxisOrder::ours},
    {"hook_pattern", Step::weights, AxisOrder::ours},
    {"hook_z", Step::heads, AxisOrder::length_before_heads},
    {"hook_attn_out", Step::output, AxisOrder::ours},
    // ONNX Attention
    {"Q", Step::q, AxisOrder::ours},
    {"K", Step::k, AxisOrder::ours},
    {"V", Step::v, AxisOrder::ours},
    {"Y", Step::output, AxisOrder::ours},
    {"qk_matmul_output", Step::scores_scaled, AxisOrder::ours},
    // llm.c
    {"preatt", Step::scores_scaled, AxisOrder::ours},
    {"att", Step::weights, AxisOrder::ours},
    {"atty", Step::merged, AxisOrder::ours},
    {"attproj", Step::output, AxisOrder::ours},
    // what programs call them, whoever wrote them, where it can be nothing else
    {"raw_scores", Step::scores_raw, AxisOrder::ours},
    {"scaled_scores", Step::scores_scaled, AxisOrder::ours},
    {"masked_scores", Step::scores_masked, AxisOrder::ours},
    {"attn", Step::weights, AxisOrder::ours},
    {"probs", Step::weights, AxisOrder::ours},
    {"attn_probs", Step::weights, AxisOrder::ours},
    {"attention_probs", Step::weights, AxisOrder::ours},
    {"ctx", Step::heads, AxisOrder::ours},
    {"concat", Step::merged, AxisOrder::ours},
    {"out", Step::output, AxisOrder::ours},
    {"attn_out", Step::output, AxisOrder::ours},
    // positional encodings, as their authors call them
    {"P", Step::pos_encoding, AxisOrder::ours},
    {"pe", Step::pos_encoding, AxisOrder::ours},
    {"pos_embed", Step::pos_encoding, AxisOrder::ours},
    {"hook_pos_embed", Step::pos_encoding, AxisOrder::ours},
    {"similarity", Step::position_dots, AxisOrder::ours},
    {"omega", Step::pair_omega, AxisOrder::ours},
    {"inv_freq", Step::pair_omega, AxisOrder::ours},
    {"cos", Step::rope_cos, AxisOrder::ours},
    {"sin", Step::rope_sin, AxisOrder::ours},
    {"rotary_cos", Step::rope_cos, AxisOrder::ours},
    {"rotary_sin", Step::rope_sin, AxisOrder::ours},
    {"cos_cached", Step::rope_cos, AxisOrder::ours},
    {"sin_cached", Step::rope_sin, AxisOrder::ours},
    {"rotated", Step::rope_rotated, AxisOrder::ours},
    {"q_embed", Step::rope_rotated, AxisOrder::ours},
    {"hook_rot_q", Step::rope_rotated, AxisOrder::length_before_heads},
    {"hook_rot_k", Step::rope_rotated, AxisOrder::length_before_heads},
    {"slopes", Step::alibi_slopes, AxisOrder::ours},
    {"bias", Step::alibi_bias, AxisOrder::ours},
    {"alibi", Step::alibi_bias, AxisOrder::ours},
};

/// The same for the steps of a layer around attention. Of several rows with one name the first stands that
/// this layer has: norm2 belongs to the cross-attention of a decoder and to the feed-forward of an encoder.
struct LayerAlias {
  std::string_view name;
  Block block;
  Step step;
};

inline constexpr LayerAlias layer_aliases[] = {
    // what forward hooks on the parts of PyTorch's layers see
    {"self_attn", Block::self, Step::output},
    {"multihead_attn", Block::cross, Step::output},
    {"norm1", Block::self, Step::norm},
    {"norm2", Block::cross, Step::norm},
    {"norm2", Block::ffn, Step::norm},
    {"norm3", Block::ffn, Step::norm},
    {"linear1", Block::ffn, Step::ffn_up},
    {"linear2", Block::ffn, Step::ffn_output},
    // TransformerLens
    {"hook_resid_mid", Block::self, Step::residual},
    {"hook_resid_post", Block::ffn, Step::residual},
    {"hook_pre", Block::ffn, Step::ffn_up},
    {"hook_post", Block::ffn, Step::ffn_hidden},
    {"hook_mlp_out", Block::ffn, Step::ffn_output},
    // llm.c
    {"ln1", Block::self, Step::norm},
    {"ln1_mean", Block::self, Step::norm_mean},
    {"residual2", Block::self, Step::residual},
    {"ln2", Block::ffn, Step::norm},
    {"ln2_mean", Block::ffn, Step::norm_mean},
    {"fch", Block::ffn, Step::ffn_up},
    {"fch_gelu", Block::ffn, Step::ffn_hidden},
    {"fcproj", Block::ffn, Step::ffn_output},
    {"residual3", Block::ffn, Step::residual},
};

}  // namespace attn
