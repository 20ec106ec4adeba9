#include <attn/experiments/stacks.hpp>
#include <attn/transpose.hpp>
#include <attn/weights/convert.hpp>
#include <attn/weights/init.hpp>
#include <attn/weights/layouts.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

Tensor<double> widened(const Tensor<float>& tensor) {
  Tensor<double> result = empty<double>(shape_of(tensor));
  std::copy(tensor.data(), tensor.data() + tensor.size(), result.data());
  return result;
}

}  // namespace

MultiheadWeights<double> fresh_attention(const StackSizes& sizes, TorchGenerator& random) {
  const LayoutInfo& layout = layout_table().front();
  MultiheadShape shape;
  shape.d_model = sizes.d_model;
  shape.heads = sizes.heads;
  return to_canonical(layout, shape, converted<double>(initialise(layout, shape, random)), "fresh weights");
}

FeedForwardWeights<double> fresh_feed_forward(std::size_t d_model, TorchGenerator& random) {
  const std::size_t middle = 4 * d_model;
  FeedForwardWeights<double> weights;
  weights.w_1 = transposed(widened(linear_weight(random, middle, d_model)));
  weights.b_1 = widened(linear_bias(random, middle, d_model));
  weights.w_2 = transposed(widened(linear_weight(random, d_model, middle)));
  weights.b_2 = widened(linear_bias(random, d_model, middle));
  return weights;
}

Tensor<double> normal_input(const Shape& shape, TorchGenerator& random) { return widened(randn(random, shape)); }

double norm_of(const Tensor<double>& tensor) {
  double squares = 0;
  for (const double value : tensor.storage()) squares += value * value;
  return std::sqrt(squares);
}

}  // namespace attn
