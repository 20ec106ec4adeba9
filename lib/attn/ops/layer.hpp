// One Transformer layer, every step kept: attention, residual connection and normalisation, then the same
// around a feed-forward; a decoder layer attends to the memory in between.
//
//   post-norm (Vaswani et al. 2017)   y = norm(x + f(x))
//   pre-norm  (GPT-2, LLaMA)          y = x + f(norm(x))
//
// for f = self-attention, cross-attention (decoder only), feed-forward. Dropout, which is inactive outside
// training, is left out, except that of the attention weights.
#pragma once

#include <attn/ops/feed_forward.hpp>
#include <attn/ops/multihead.hpp>
#include <attn/ops/norm.hpp>
#include <attn/ops/residual.hpp>
#include <attn/trace.hpp>
#include <attn/weights/layer_weights.hpp>

#include <optional>
#include <string>

namespace attn {

/// Where the normalisation of each sublayer stands.
enum class NormPlacement {
  post,  ///< after the residual connection
  pre,   ///< before the sublayer, off the residual path; a stack then ends with a normalisation of its own
};

template <class T>
struct LayerOptions {
  MultiheadOptions<T> self;   ///< heads, scale, masks, rotary positions, of self-attention
  MultiheadOptions<T> cross;  ///< the same of cross-attention; only read in a decoder layer
  NormPlacement placement = NormPlacement::post;
  NormOptions norm;
  Activation activation = Activation::relu;
};

/// What earlier runs of the same layer leave to later ones, so that a decoder computes each key once.
template <class T>
struct LayerCache {
  std::optional<KeysAndValues<T>> self;   ///< of all earlier tokens
  std::optional<KeysAndValues<T>> cross;  ///< of the memory
};

/// Rank 3, or rank 2 for one sample.
template <class T>
struct LayerInputs {
  Tensor<T> x;                            ///< [B, Lq, E]
  std::optional<Tensor<T>> memory = {};   ///< [B, Ln, Ek]; a decoder layer needs it, or cache.cross
  LayerCache<T> cache = {};
};

/// Attention with its residual connection and its normalisation.
template <class T>
struct AttentionBlockSteps {
  NormSteps<T> norm;             ///< first with pre-norm, last with post-norm
  MultiheadSteps<T> attention;
  ResidualSteps<T> residual;
};

template <class T>
struct FeedForwardBlockSteps {
  NormSteps<T> norm;             ///< likewise
  FeedForwardSteps<T> maps;
  ResidualSteps<T> residual;
};

/// The tensors of one run. What a block starts from is the result of the block before.
template <class T>
struct LayerSteps {
  NormPlacement placement = NormPlacement::post;
  Tensor<T> x;                                  ///< [B, Lq, E]
  std::optional<Tensor<T>> memory;              ///< [B, Ln, Ek]
  AttentionBlockSteps<T> self;
  std::optional<AttentionBlockSteps<T>> cross;  ///< decoder only
  FeedForwardBlockSteps<T> ffn;
  std::optional<Tensor<T>> flat_output;         ///< [Lq, E], the result of an input without a batch axis

  /// What a block hands on: its normalisation, or, with pre-norm, its sum.
  template <class Steps>
  const Tensor<T>& result_of(const Steps& block) const {
    return placement == NormPlacement::post ? block.norm.norm : block.residual.residual;
  }
  /// The result of the layer [B, Lq, E], in the rank of its input.
  const Tensor<T>& output() const { return flat_output ? *flat_output : result_of(ffn); }
};

/// Calls f(block, step, tensor) for every tensor of one block of attention in order of computation. What
/// the attention reads belongs to the step before, and is not visited again.
template <class T, class F>
void visit_block(Block block, NormPlacement placement, const AttentionBlockSteps<T>& steps, F&& f) {
  const auto at_block = [&](Step step, const Tensor<T>& tensor) {
    if (step != Step::x && step != Step::memory && step != Step::memory_value) f(block, step, tensor);
  };
  if (placement == NormPlacement::pre) visit(steps.norm, at_block);
  visit(steps.attention, at_block);
  visit(steps.residual, at_block);
  if (placement == NormPlacement::post) visit(steps.norm, at_block);
}

template <class T, class F>
void visit_block(Block block, NormPlacement placement, const FeedForwardBlockSteps<T>& steps, F&& f) {
  const auto at_block = [&](Step step, const Tensor<T>& tensor) { f(block, step, tensor); };
  if (placement == NormPlacement::pre) visit(steps.norm, at_block);
  visit(steps.maps, at_block);
  visit(steps.residual, at_block);
  if (placement == NormPlacement::post) visit(steps.norm, at_block);
}

/// Calls f(path, step, tensor) for every tensor of the layer in order of computation: "x", "memory",
/// "self.q_proj", …, "ffn_output", "ffn.norm", "output".
template <class T, class F>
void visit(const LayerSteps<T>& steps, F&& f) {
  const auto at_path = [&f](Block block, Step step, const Tensor<T>& tensor) { f(path_of(block, step), step, tensor); };
  f(std::string(name_of(Step::x)), Step::x, steps.x);
  if (steps.memory) f(std::string(name_of(Step::memory)), Step::memory, *steps.memory);
  visit_block(Block::self, steps.placement, steps.self, at_path);
  if (steps.cross) visit_block(Block::cross, steps.placement, *steps.cross, at_path);
  visit_block(Block::ffn, steps.placement, steps.ffn, at_path);
  f(std::string(name_of(Step::output)), Step::output, steps.output());
}

/// Collects the steps of a layer under their paths, each after `prefix` ("decoder.1." inside a stack). The
/// steps must outlive the trace.
template <class T>
void append_to(Trace& trace, const LayerSteps<T>& steps, const std::string& prefix = "") {
  visit(steps, [&](std::string path, Step step, const Tensor<T>& tensor) {
    trace.entries.push_back({prefix + path, step, axes_of(step, steps.self.attention.attention.sizes), TensorView(tensor)});
  });
}

/// Runs one layer; it is a decoder layer if the weights have `cross`. Caches in the inputs replace those in
/// the options. Throws ShapeError if inputs and weights do not fit each other, or if a decoder layer has
/// neither a memory nor cached keys of one.
template <class T>
LayerSteps<T> layer(LayerInputs<T> inputs, const LayerWeights<T>& weights, const LayerOptions<T>& options);

/// The output of the same run alone, by fused_multihead: no matrix of Lq × Lk, and no step but the one at work.
/// Throws as `layer` and fused_multihead.
template <class T>
Tensor<T> fused_layer(LayerInputs<T> inputs, const LayerWeights<T>& weights, const LayerOptions<T>& options,
                      const FusedOptions& fused = {});

/// What the next run of this layer starts from: keys and values of all tokens so far, and of the memory.
template <class T>
LayerCache<T> cache_after(const LayerSteps<T>& steps);

}  // namespace attn
