#include <attn/shapes/module.hpp>

#include <stdexcept>

namespace attn::shapes {

const std::vector<ImplRow>& impl_table() {
  static const std::vector<ImplRow> table = {
      {Impl::torch, "torch", "nn.MultiheadAttention", "PyTorch's module: one packed input projection"},
      {Impl::d2l, "d2l", "d2l.MultiHeadAttention", "Dive into Deep Learning: heads folded into the batch"},
      {Impl::linear, "linear", "MultiHeadSelfAttention", "four linear maps, heads on an axis of their own"},
      {Impl::shared_head, "shared-head", "SelfAttention", "the input is split first; one small map for all heads"},
      {Impl::sdpa, "sdpa", "F.scaled_dot_product_attention", "the middle part alone: no parameters"},
      {Impl::transformer, "transformer", "nn.Transformer", "encoder and decoder stacks"},
      {Impl::encoder_layer, "encoder-layer", "nn.TransformerEncoderLayer", "self-attention and feed-forward"},
      {Impl::decoder_layer, "decoder-layer", "nn.TransformerDecoderLayer", "self-attention, cross-attention, feed-forward"},
  };
  return table;
}

const ImplRow& impl_row(Impl impl) {
  for (const ImplRow& row : impl_table()) {
    if (row.impl == impl) return row;
  }
  throw std::logic_error("an implementation without a row");
}

ModuleConfig with_defaults(ModuleConfig config) {
  if (config.kv_heads == 0) config.kv_heads = config.heads;
  if (config.head_dim == 0 && config.heads > 0 && config.d_model % config.heads == 0) {
    config.head_dim = config.d_model / config.heads;
  }
  if (config.value_dim == 0) config.value_dim = config.head_dim;
  if (config.key_width == 0) config.key_width = config.d_model;
  if (config.value_width == 0) config.value_width = config.d_model;
  return config;
}

ModuleCall with_defaults(ModuleCall call) {
  if (call.key.empty()) call.key = call.query;
  if (call.value.empty()) call.value = call.key;
  return call;
}

bool batch_comes_first(const ModuleConfig& config) {
  switch (config.impl) {
    case Impl::torch:
    case Impl::encoder_layer:
    case Impl::decoder_layer:
    case Impl::transformer:
      return config.batch_first;
    default:
      return true;
  }
}

namespace {

/// Axis of the sequence among the axes before the embedding.
std::size_t sequence_axis(const ModuleConfig& config, std::size_t rank_with_width) {
  if (config.impl == Impl::sdpa) return rank_with_width - 2;
  if (rank_with_width == 2) return 0;
  return batch_comes_first(config) ? 1 : 0;
}

}  // namespace

Sizes letters_of(const ModuleConfig& given, const ModuleCall& given_call) {
  const ModuleConfig config = with_defaults(given);
  const ModuleCall call = with_defaults(given_call);
  const std::size_t rank = call.query.size() + (config.vocabulary > 0 ? 1 : 0);
  Sizes sizes;
  sizes.heads = config.heads;
  sizes.kv_heads = config.kv_heads;
  sizes.d_model = config.d_model;
  sizes.key_width = config.key_width;
  sizes.value_width = config.value_width;
  sizes.head_dim = config.head_dim;
  sizes.value_dim = config.value_dim;
  if (config.impl == Impl::sdpa) {
    sizes.head_dim = call.query.back();
    sizes.value_dim = call.value.back();
    sizes.heads = rank == 4 ? call.query[1] : 1;
    sizes.kv_heads = rank == 4 ? call.key[1] : 1;
  }
  sizes.query_len = call.query[sequence_axis(config, rank)];
  sizes.key_len = sizes.new_len = call.key[sequence_axis(config, rank)];
  const bool sequence_first = rank == 3 && !batch_comes_first(config);
  sizes.batch = rank == 2 ? 1 : call.query[sequence_first ? 1 : 0];
  return sizes;
}

}  // namespace attn::shapes
