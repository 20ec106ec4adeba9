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

}  // namespace

template <class T>
DotProductSteps<T> dot_product_attention(Tensor<T> q, Tensor<T> k, Tensor<T> v, std::size_t heads,
                                         std::size_t kv_heads, AttentionOptions<T> options) {
  const std::size_t rank = q.dimension();
  if (rank < 2 || rank > 4 || k.dimension() != rank || v.dimension() != rank) {
    throw ShapeError("attention", "q " + to_string(shape_of(q)) + ", k " + to_string(shape_of(k)) + ", v " +
                                      to_string(shape_of(v)) +
                                      " must all have rank 2 (L, D), 3 (B, L, E) or 4 (B, H, L, D)");
  }
  DotProductSteps<T> steps;
  steps.attention = attention(with_heads(std::move(q), heads), with_heads(std::move(k), kv_heads),
                              with_heads(std::move(v), kv_heads), std::move(options));
  const Tensor<T>& result = steps.attention.heads;
  if (rank == 4) {
    steps.output = result;
  } else if (rank == 3) {
    steps.output = merge_heads(result);
  } else {
    steps.output = reshaped(result, {result.shape(2), result.shape(3)});
  }
  return steps;
}

template DotProductSteps<float> dot_product_attention(Tensor<float>, Tensor<float>, Tensor<float>, std::size_t,
                                                      std::size_t, AttentionOptions<float>);
template DotProductSteps<double> dot_product_attention(Tensor<double>, Tensor<double>, Tensor<double>,
                                                       std::size_t, std::size_t, AttentionOptions<double>);

}  // namespace attn
