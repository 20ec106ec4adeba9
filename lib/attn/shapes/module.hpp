// What a module of attention is made with, and what it is called with: sizes only, no numbers.
#pragma once

#include <attn/shape.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// The implementations whose shapes are known step by step.
enum class Impl { torch, d2l, linear, shared_head, sdpa, encoder_layer, decoder_layer, transformer };

struct ImplRow {
  Impl impl;
  std::string_view name;         ///< what the user types: "shared-head"
  std::string_view python;       ///< the class or function: "nn.MultiheadAttention"
  std::string_view description;  ///< one line
};
const std::vector<ImplRow>& impl_table();
const ImplRow& impl_row(Impl impl);

/// Arguments of the constructor. A zero means "the default, derived from the others".
struct ModuleConfig {
  Impl impl = Impl::torch;
  std::size_t d_model = 0;      ///< E
  std::size_t heads = 0;        ///< H
  std::size_t kv_heads = 0;     ///< Hk; default H
  std::size_t head_dim = 0;     ///< D; default E / H
  std::size_t value_dim = 0;    ///< Dv; default D
  std::size_t key_width = 0;    ///< Ek (kdim); default E
  std::size_t value_width = 0;  ///< Ev (vdim); default E
  std::size_t ffn = 2048;       ///< F, width of the feed-forward part
  std::size_t encoder_layers = 6;
  std::size_t decoder_layers = 6;
  std::size_t vocabulary = 0;   ///< V; 0: no embedding before and no logits after a transformer
  std::size_t element_bytes = 4;
  bool bias = true;
  bool bias_kv = false;         ///< add_bias_kv
  bool zero_attn = false;       ///< add_zero_attn
  bool batch_first = false;
};

/// Shapes of the arguments of forward, in the module's own order of axes. Empty means "the same tensor":
/// a key that is empty is the query, a value that is empty is the key.
/// encoder-layer takes query (src); decoder-layer query (tgt) and key (memory); transformer query (tgt) and
/// key (src). With a vocabulary, a transformer takes token numbers: shapes without E.
struct ModuleCall {
  Shape query, key, value;
  std::optional<Shape> attn_mask, key_padding_mask;
};

/// E / H and the other defaults filled in. A zero number of heads, or a width that heads do not divide,
/// leaves a head size of 0.
ModuleConfig with_defaults(ModuleConfig config);

/// The call with every "same tensor" written out.
ModuleCall with_defaults(ModuleCall call);

/// Whether axis 0 of a batched input is the batch. Always, except for PyTorch's modules without batch_first.
bool batch_comes_first(const ModuleConfig& config);

/// The letters of a call that has no contradiction.
Sizes letters_of(const ModuleConfig& config, const ModuleCall& call);

}  // namespace attn::shapes
