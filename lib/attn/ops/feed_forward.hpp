// The feed-forward part of a layer: each row on its own through a wide middle, every step kept.
//
//   plain   ffn_hidden = act(N·W_1 + b_1)                          ffn_output = ffn_hidden·W_2 + b_2
//   gated   ffn_hidden = act(N·W_g + b_g) ⊙ (N·W_1 + b_1)          likewise (SwiGLU with act = SiLU)
#pragma once

#include <attn/steps.hpp>
#include <attn/tensor.hpp>
#include <attn/weights/layer_weights.hpp>

#include <optional>

namespace attn {

enum class Activation {
  relu,       ///< max(x, 0)
  gelu,       ///< x·Φ(x) = x/2·(1 + erf(x/√2)) (Hendrycks and Gimpel 2016)
  gelu_tanh,  ///< its approximation x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), GPT-2
  silu,       ///< x / (1 + e^(−x)); the gate of SwiGLU
};

/// One number. NaN stays NaN.
template <class T>
T activated(Activation activation, T x);

/// The tensors of one run on [B, Lq, E], in order of computation.
template <class T>
struct FeedForwardSteps {
  std::optional<Tensor<T>> gate;  ///< [B, Lq, F], only with w_gate or b_gate
  Tensor<T> up;                   ///< [B, Lq, F]
  Tensor<T> hidden;               ///< [B, Lq, F]
  Tensor<T> output;               ///< [B, Lq, E]
};

template <class T, class F>
void visit(const FeedForwardSteps<T>& steps, F&& f) {
  if (steps.gate) f(Step::ffn_gate, *steps.gate);
  f(Step::ffn_up, steps.up);
  f(Step::ffn_hidden, steps.hidden);
  f(Step::ffn_output, steps.output);
}

/// act(up), or act(gate) ⊙ up with a gate. Throws ShapeError if the two differ in shape.
template <class T>
Tensor<T> activated(const Tensor<T>& up, const std::optional<Tensor<T>>& gate, Activation activation);

/// Applies the maps to every row of x [..., E]; absent maps are the identity.
/// Throws ShapeError if the weights do not fit.
template <class T>
FeedForwardSteps<T> feed_forward(const Tensor<T>& x, const FeedForwardWeights<T>& weights, Activation activation);

}  // namespace attn
