// A whole Transformer, every step kept: tokens become rows, a stack of layers works on the rows, and a last
// linear map turns them into one score for each token of the vocabulary.
//
//   x = scale · token_table[tokens] + position_table[0 … L - 1]
//   encoder: every position sees every other, padding aside
//   decoder: position i sees positions 0 … i of its own sequence, and all of the encoder's output
//   logits = x · W_out + b_out
//
// Vaswani et al. 2017, section 3; an encoder alone is BERT's form, a decoder alone GPT's.
#pragma once

#include <attn/ops/layer.hpp>
#include <attn/weights/transformer_weights.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace attn {

/// Sequences of tokens side by side, the shorter ones padded on the right.
struct TokenBatch {
  std::size_t batch = 0;
  std::size_t length = 0;            ///< of the longest sequence
  std::vector<std::size_t> tokens;   ///< [B, L]
  std::vector<std::size_t> lengths;  ///< [B], without the padding

  bool padded() const;
};

/// The rows as one batch. `pad` fills the shorter ones.
TokenBatch token_batch(const std::vector<std::vector<std::size_t>>& rows, std::size_t pad = 0);

template <class T>
struct StackOptions {
  LayerOptions<T> layer;       ///< masks are set by the run
  double embedding_scale = 1;  ///< factor on the rows of the token table
};

template <class T>
struct EmbeddingSteps {
  Tensor<T> token_embedding;                      ///< [B, L, E], scaled
  std::optional<Tensor<T>> position_embedding;    ///< [L, E]
  std::optional<Tensor<T>> segment_embedding;     ///< [L, E]
  Tensor<T> x;                                    ///< [B, L, E], their sum
  std::optional<NormSteps<T>> norm;

  const Tensor<T>& output() const { return norm ? norm->norm : x; }
};

template <class T>
struct StackSteps {
  EmbeddingSteps<T> embedding;
  std::vector<LayerSteps<T>> layers;
  std::optional<NormSteps<T>> final_norm;

  /// [B, L, E]
  const Tensor<T>& output() const {
    if (final_norm) return final_norm->norm;
    return layers.empty() ? embedding.output() : layers.back().output();
  }
};

template <class T>
struct TransformerSteps {
  std::optional<StackSteps<T>> encoder;
  std::optional<StackSteps<T>> decoder;
  std::optional<Tensor<T>> logits;  ///< [B, Lq, V], only with w_out
};

/// Rows of the tables for these tokens, the first of which stands at `first_position`.
/// Throws InputError for a token beyond the table, or more positions than the table has.
template <class T>
EmbeddingSteps<T> embedded(const TokenBatch& tokens, std::size_t first_position, const EmbeddingWeights<T>& weights,
                           const StackOptions<T>& options);

/// One stack over new tokens. `options` hold the masks. `caches` (one for each layer, or none) hold what
/// earlier tokens left; `memory` is the encoder's output, read by layers that have no cached keys of it.
template <class T>
StackSteps<T> run_stack(const TokenBatch& tokens, const std::optional<Tensor<T>>& memory, std::vector<LayerCache<T>> caches,
                        const StackWeights<T>& weights, const StackOptions<T>& options);

/// The masks of the two stacks added to the options: padding of the source, future of the target.
template <class T>
StackOptions<T> with_padding_mask(StackOptions<T> options, const TokenBatch& source);
template <class T>
StackOptions<T> with_target_masks(StackOptions<T> options, const TokenBatch* source);

/// Both stacks, or the one there is, and the logits. `source` is the encoder's input, `target` the decoder's; the
/// one without a stack is not read. Throws as `embedded` and `layer`.
template <class T>
TransformerSteps<T> transformer(const TokenBatch& source, const TokenBatch& target, const TransformerWeights<T>& weights,
                                const StackOptions<T>& options);

/// The last result of the same run alone, by fused_layer: the logits [B, Lq, V], or, without w_out, the output
/// [B, Lq, E] of the last stack. Throws as `transformer`.
template <class T>
Tensor<T> fused_transformer(const TokenBatch& source, const TokenBatch& target, const TransformerWeights<T>& weights,
                            const StackOptions<T>& options, const FusedOptions& fused = {});

/// Collects the steps under their paths: "encoder.token_embedding", "encoder.0.self.weights", …, "logits". The
/// steps must outlive the trace.
template <class T>
void append_to(Trace& trace, const TransformerSteps<T>& steps);

}  // namespace attn
