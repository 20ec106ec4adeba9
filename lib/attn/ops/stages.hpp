// The single steps of attention, each a function of the tensors it reads. `attention` and `multihead` run
// them in order; verification runs any one of them on somebody else's tensors.
#pragma once

#include <attn/ops/attention.hpp>

#include <optional>
#include <vector>

namespace attn {

/// Queries or keys [B, H, L, D] turned by their positions; those of this run follow `past` cached ones.
template <class T>
Tensor<T> rotated(const Tensor<T>& rows, const RotaryPositions<T>& rotary, std::size_t past);

/// q [B, H, Lq, D] times every key of k [B, Hk, Lk, D]: [B, H, Lq, Lk]. Query head h reads key head
/// h / (H / Hk). Throws ShapeError if the two do not fit.
template <class T>
Tensor<T> raw_scores(const Tensor<T>& q, const Tensor<T>& k);

/// Every score times `scale`.
template <class T>
Tensor<T> scaled_scores(const Tensor<T>& scores, T scale);

/// cap · tanh(score / cap), cap > 0.
template <class T>
Tensor<T> capped_scores(const Tensor<T>& scores, T cap);

/// score + mask where the key is visible; `fill` where the mask is −inf. Both have the same shape. A
/// forbidden key is overwritten, not added to: NaN + −inf would stay NaN.
template <class T>
Tensor<T> masked_scores(const Tensor<T>& scores, const Tensor<T>& mask, T fill);

/// What replaces the softmax in a row without a visible key; empty when the softmax decides.
template <class T>
std::optional<MaskedRows> policy_of_masked_rows(const AttentionOptions<T>& options);

/// Which rows (b, h, i), flattened, the masked-row policy replaces; empty when the softmax decides. `mask`
/// is nullptr in a run without one.
template <class T>
std::vector<bool> rows_under_policy(const AttentionOptions<T>& options, const Tensor<T>* mask);

/// Weights with dropout: keep / (1 − p) times the weight. With p = 1 all zeros.
/// Throws ShapeError if keep and weights differ in shape.
template <class T>
Tensor<T> dropped_weights(const Tensor<T>& weights, const Tensor<T>& keep, double p);

/// weights [B, H, Lq, Lk] times v [B, Hk, Lk, Dv]: [B, H, Lq, Dv], with the head map of raw_scores.
template <class T>
Tensor<T> weighted_values(const Tensor<T>& weights, const Tensor<T>& v);

/// One more key (or value) at the end of every sequence: `row` [Hk·D], or zeros. keys [B, Hk, L, D].
/// Throws ShapeError, naming `name`, if the row has another size.
template <class T>
Tensor<T> append_key(const Tensor<T>& keys, const std::optional<Tensor<T>>& row, const std::string& name);

/// [B, H, Lq, Lk] -> [B, Lq, Lk]: the sum over heads in order, divided by H.
template <class T>
Tensor<T> mean_over_heads(const Tensor<T>& weights);

}  // namespace attn
