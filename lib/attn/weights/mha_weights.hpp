// The parameters of multi-head attention in one canonical form, whatever file or framework they come from.
#pragma once

#include <attn/steps.hpp>
#include <attn/tensor.hpp>

#include <optional>

namespace attn {

/// Parameters of Q = X·W_q + b_q, K = M·W_k + b_k, V = M·W_v + b_v, Y = Z·W_o + b_o
/// (Vaswani et al. 2017, section 3.2.2). The input axis comes first, so that a map is a plain product
/// from the right; PyTorch's nn.Linear stores the transpose. Heads lie side by side along the last
/// axis of W_q, W_k, W_v and along the first of W_o: head h owns columns h·D … h·D + D − 1.
/// What is absent does nothing: without W the identity, without b zero.
template <class T>
struct MultiheadWeights {
  std::optional<Tensor<T>> w_q;     ///< [E, H·D]
  std::optional<Tensor<T>> b_q;     ///< [H·D]
  std::optional<Tensor<T>> w_k;     ///< [Ek, Hk·D]
  std::optional<Tensor<T>> b_k;     ///< [Hk·D]
  std::optional<Tensor<T>> w_v;     ///< [Ev, Hk·Dv]
  std::optional<Tensor<T>> b_v;     ///< [Hk·Dv]
  std::optional<Tensor<T>> bias_k;  ///< [Hk·D], a learned key appended to every sequence
  std::optional<Tensor<T>> bias_v;  ///< [Hk·Dv], its value
  std::optional<Tensor<T>> w_o;     ///< [H·Dv, E]
  std::optional<Tensor<T>> b_o;     ///< [E]
};

/// Calls f(step, tensor) for every parameter present, in the order of the step table.
template <class T, class F>
void visit(const MultiheadWeights<T>& weights, F&& f) {
  if (weights.w_q) f(Step::w_q, *weights.w_q);
  if (weights.b_q) f(Step::b_q, *weights.b_q);
  if (weights.w_k) f(Step::w_k, *weights.w_k);
  if (weights.b_k) f(Step::b_k, *weights.b_k);
  if (weights.w_v) f(Step::w_v, *weights.w_v);
  if (weights.b_v) f(Step::b_v, *weights.b_v);
  if (weights.bias_k) f(Step::bias_k, *weights.bias_k);
  if (weights.bias_v) f(Step::bias_v, *weights.bias_v);
  if (weights.w_o) f(Step::w_o, *weights.w_o);
  if (weights.b_o) f(Step::b_o, *weights.b_o);
}

}  // namespace attn
