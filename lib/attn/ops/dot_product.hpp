// Attention on given queries, keys and values: no learned maps, in the rank the inputs come in.
#pragma once

#include <attn/ops/attention.hpp>
#include <attn/ops/fused/fused_attention.hpp>

namespace attn {

template <class T>
struct DotProductSteps {
  AttentionSteps<T> attention;
  Tensor<T> output;  ///< the heads in the rank of the inputs
};

template <class T, class F>
void visit(const DotProductSteps<T>& steps, F&& f) {
  visit(steps.attention, f);
  f(Step::output, steps.output);
}

/// Attention on q, k, v of equal rank:
///   rank 2  (L, D)       one sample, one head                        -> (Lq, Dv)
///   rank 3  (B, L, H·D)  split into `heads` and `kv_heads` (1 and 1
///                        leave the width whole)                      -> (B, Lq, H·Dv)
///   rank 4  (B, H, L, D) heads apart; `heads` and `kv_heads` unused  -> (B, H, Lq, Dv)
/// Throws ShapeError for other ranks, for widths that are not a multiple of the heads, and as `attention`.
template <class T>
DotProductSteps<T> dot_product_attention(Tensor<T> q, Tensor<T> k, Tensor<T> v, std::size_t heads,
                                         std::size_t kv_heads, AttentionOptions<T> options);

/// The output of the same run alone, by fused_attention. Throws as both.
template <class T>
Tensor<T> fused_dot_product_attention(Tensor<T> q, Tensor<T> k, Tensor<T> v, std::size_t heads, std::size_t kv_heads,
                                      const AttentionOptions<T>& options, const FusedOptions& fused = {});

}  // namespace attn
