// Softmax over the last axis, with its inside.
#pragma once

#include <attn/tensor.hpp>

#include <optional>
#include <vector>

namespace attn {

/// What a row gets in which every key is forbidden, so that there is nothing to distribute.
enum class MaskedRows {
  zero,     ///< all zeros (ONNX Attention, PyTorch's SDPA since 2.5)
  nan,      ///< 0/0, what plain exp/sum gives (PyTorch's nn.MultiheadAttention)
  uniform,  ///< 1/Lk everywhere, what a finite fill value leads to (d2l)
};

/// weights = exp(s − max s) / Σ exp(s − max s) for every row s of the last axis.
template <class T>
struct SoftmaxSteps {
  std::optional<Tensor<T>> row_max;  ///< [..., 1], only when the inside was asked for
  std::optional<Tensor<T>> exp;      ///< [..., Lk], likewise
  std::optional<Tensor<T>> row_sum;  ///< [..., 1], likewise
  Tensor<T> weights;                 ///< [..., Lk]
};

/// Rows of the flattened leading axes with every key forbidden: exactly those whose mask is −inf
/// throughout. Decided on the mask, not on the scores: a score may be −inf for other reasons.
template <class T>
std::vector<bool> fully_masked_rows(const Tensor<T>& mask);

enum class Detail { no, yes };

/// Softmax of scores [..., Lk]; rows marked in `masked` (empty: none) follow `policy` instead.
/// A row that holds +inf or NaN, or only −inf without being marked, gives NaN, as the formula does.
/// With Lk = 0 the result is empty.
template <class T>
SoftmaxSteps<T> softmax(const Tensor<T>& scores, const std::vector<bool>& masked = {},
                        MaskedRows policy = MaskedRows::zero, Detail detail = Detail::no);

}  // namespace attn
