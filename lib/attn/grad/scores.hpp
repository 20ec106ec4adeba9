// Backward through the products of attention and what stands between them: scores, soft cap, mask, dropout.
// Heads that share keys (H > Hk) add up what they send back to them.
#pragma once

#include <attn/tensor.hpp>

#include <vector>

namespace attn {

/// Gradients of the two factors of a product, in their shapes.
struct FactorGradients {
  Tensor<double> left;
  Tensor<double> right;
};

/// scores = q·kᵀ: q [B, H, Lq, D], k [B, Hk, Lk, D], d [B, H, Lq, Lk] -> d·k, dᵀ·q.
/// Throws ShapeError if they do not fit each other.
FactorGradients raw_scores_backward(const Tensor<double>& q, const Tensor<double>& k, const Tensor<double>& d);

/// heads = weights·v: weights [B, H, Lq, Lk], v [B, Hk, Lk, Dv], d [B, H, Lq, Dv] -> d·vᵀ, weightsᵀ·d.
/// Throws ShapeError if they do not fit each other.
FactorGradients weighted_values_backward(const Tensor<double>& weights, const Tensor<double>& v, const Tensor<double>& d);

/// capped = c·tanh(scores / c): d · (1 − (capped / c)²).
Tensor<double> capped_scores_backward(const Tensor<double>& capped, double cap, const Tensor<double>& d);

/// A forbidden key (mask −inf) got a score that depends on nothing: zero there, d elsewhere.
Tensor<double> masked_scores_backward(const Tensor<double>& mask, const Tensor<double>& d);

/// dropped = weights · keep / (1 − p): d · keep / (1 − p).
Tensor<double> dropped_weights_backward(const Tensor<double>& keep, double p, const Tensor<double>& d);

/// weights = softmax(scores) over the last axis: weights ⊙ (d − Σ_j d_j·weights_j). Rows marked in `constant`
/// (none when empty) were set to fixed numbers instead of computed from their scores: zero.
Tensor<double> softmax_backward(const Tensor<double>& weights, const std::vector<bool>& constant, const Tensor<double>& d);

}  // namespace attn
