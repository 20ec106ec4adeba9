// The parameters of one Transformer layer in one canonical form.
#pragma once

#include <attn/steps.hpp>
#include <attn/weights/mha_weights.hpp>

#include <optional>
#include <utility>

namespace attn {

/// Gain and shift of a normalisation, one number a feature; absent: 1 and 0.
template <class T>
struct NormWeights {
  std::optional<Tensor<T>> gamma;  ///< [E]
  std::optional<Tensor<T>> beta;   ///< [E]
};

/// The linear map x·W_s + b_s that a residual connection needs where a sublayer changes the width. Absent:
/// the identity.
template <class T>
struct ResidualWeights {
  std::optional<Tensor<T>> w_s;  ///< [in, out]
  std::optional<Tensor<T>> b_s;  ///< [out]
};

/// Two linear maps around an activation; with w_gate, a third one whose activation multiplies the first
/// (Shazeer 2020: SwiGLU and its relatives). The input axis comes first.
template <class T>
struct FeedForwardWeights {
  std::optional<Tensor<T>> w_gate;  ///< [E, F]
  std::optional<Tensor<T>> b_gate;  ///< [F]
  std::optional<Tensor<T>> w_1;     ///< [E, F]
  std::optional<Tensor<T>> b_1;     ///< [F]
  std::optional<Tensor<T>> w_2;     ///< [F, E]
  std::optional<Tensor<T>> b_2;     ///< [E]
};

/// Attention with the residual connection and the normalisation that belong to it.
template <class T>
struct AttentionBlockWeights {
  MultiheadWeights<T> attention;
  ResidualWeights<T> residual;
  NormWeights<T> norm;
};

template <class T>
struct FeedForwardBlockWeights {
  FeedForwardWeights<T> maps;
  ResidualWeights<T> residual;
  NormWeights<T> norm;
};

/// An encoder layer has no `cross`; a decoder layer has one.
template <class T>
struct LayerWeights {
  AttentionBlockWeights<T> self;
  std::optional<AttentionBlockWeights<T>> cross;
  FeedForwardBlockWeights<T> ffn;
};

/// Calls f(step, tensor) for every parameter present, in the order of the step table.
template <class T, class F>
void visit(const ResidualWeights<T>& weights, F&& f) {
  if (weights.w_s) f(Step::w_s, *weights.w_s);
  if (weights.b_s) f(Step::b_s, *weights.b_s);
}

template <class T, class F>
void visit(const NormWeights<T>& weights, F&& f) {
  if (weights.gamma) f(Step::gamma, *weights.gamma);
  if (weights.beta) f(Step::beta, *weights.beta);
}

template <class T, class F>
void visit(const FeedForwardWeights<T>& weights, F&& f) {
  if (weights.w_gate) f(Step::w_gate, *weights.w_gate);
  if (weights.b_gate) f(Step::b_gate, *weights.b_gate);
  if (weights.w_1) f(Step::w_1, *weights.w_1);
  if (weights.b_1) f(Step::b_1, *weights.b_1);
  if (weights.w_2) f(Step::w_2, *weights.w_2);
  if (weights.b_2) f(Step::b_2, *weights.b_2);
}

/// Calls f(block, step, tensor) for every parameter of a layer, block by block.
template <class T, class F>
void visit(const LayerWeights<T>& weights, F&& f) {
  const auto visit_part = [&f](Block block, const auto& part) {
    visit(part, [&](Step step, const Tensor<T>& tensor) { f(block, step, tensor); });
  };
  const auto visit_attention = [&](Block block, const AttentionBlockWeights<T>& part) {
    visit_part(block, part.attention);
    visit_part(block, part.residual);
    visit_part(block, part.norm);
  };
  visit_attention(Block::self, weights.self);
  if (weights.cross) visit_attention(Block::cross, *weights.cross);
  visit_part(Block::ffn, weights.ffn.maps);
  visit_part(Block::ffn, weights.ffn.residual);
  visit_part(Block::ffn, weights.ffn.norm);
}

}  // namespace attn
