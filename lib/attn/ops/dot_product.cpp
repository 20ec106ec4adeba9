#include <attn/error.hpp>
#include <attn/ops/dot_product.hpp>
#include <attn/ops/heads.hpp>

#include <string>
#include <utility>

namespace attn {
namespace {

// Any accepted rank as (B, H, L, D).
template <class T>
Tensor<T> with_heads(Tensor<T> tensor, std::size_t heads) {
  const Shape shape = shape_of(tensor);
  if (shape.size() == 4) return tensor;
  if (shape.size() == 3) return split_heads(tensor, heads);
  return reshaped(std::move(tensor), {1, 1, shape[0], shape[1]});
}

template <class T>
void require_ranks(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v) {
  const std::size_t rank = q.dimension();
  if (rank < 2 || rank > 4 || k.dimension() != rank || v.dimension() != rank) {
    throw ShapeError("attention", "q " + to_string(shape_of(q)) + ", k " + to_string(shape_of(k)) + ", v " +
                                      to_string(shape_of(v)) +
                                      " must all have rank 2 (L, D), 3 (B, L, E) or 4 (B, H, L, D)");
  }
}

// heads [B, H, L, D] in the rank of the inputs.
template <class T>
Tensor<T> in_rank(Tensor<T> heads, std::size_t rank) {
  if (rank == 4) return heads;
  if (rank == 3) return merge_heads(heads);
  const Shape matrix = {heads.shape(2), heads.shape(3)};
  return reshaped(std::move(heads), matrix);
}

}  // namespace

template <class T>
DotProductSteps<T> dot_product_attention(Tensor<T> q, Tensor<T> k, Tensor<T> v, std::size_t heads,
                                         std::size_t kv_heads, AttentionOptions<T> options) {
  const std::size_t rank = q.dimension();
  require_ranks(q, k, v);
  DotProductSteps<T> steps;
  steps.attention = attention(with_heads(std::move(q), heads), with_heads(std::move(k), kv_heads),
                              with_heads(std::move(v), kv_heads), std::move(options));
  steps.output = in_rank(steps.attention.heads, rank);
  return steps;
}

template <class T>
Tensor<T> fused_dot_product_attention(Tensor<T> q, Tensor<T> k, Tensor<T> v, std::size_t heads, std::size_t kv_heads,
                                      const AttentionOptions<T>& options, const FusedOptions& fused) {
  require_ranks(q, k, v);
  const std::size_t rank = q.dimension();
  return in_rank(fused_attention(with_heads(std::move(q), heads), with_heads(std::move(k), kv_heads),
                                 with_heads(std::move(v), kv_heads), options, fused), rank);
}

template DotProductSteps<float> dot_product_attention(Tensor<float>, Tensor<float>, Tensor<float>, std::size_t,
                                                      std::size_t, AttentionOptions<float>);
template DotProductSteps<double> dot_product_attention(Tensor<double>, Tensor<double>, Tensor<double>,
                                                       std::size_t, std::size_t, AttentionOptions<double>);
template Tensor<float> fused_dot_product_attention(Tensor<float>, Tensor<float>, Tensor<float>, std::size_t, std::size_t,
                                                   const AttentionOptions<float>&, const FusedOptions&);
template Tensor<double> fused_dot_product_attention(Tensor<double>, Tensor<double>, Tensor<double>, std::size_t,
                                                    std::size_t, const AttentionOptions<double>&, const FusedOptions&);

}  // namespace attn
