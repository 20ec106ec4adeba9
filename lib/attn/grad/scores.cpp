#include <attn/error.hpp>
#include <attn/grad/scores.hpp>
#include <attn/ops/matmul.hpp>
#include <attn/ops/stages.hpp>
#include <attn/transpose.hpp>

#include <limits>
#include <string>

namespace attn {
namespace {

void require(bool fits, const char* subject, const Tensor<double>& a, const Tensor<double>& b) {
  if (!fits) throw ShapeError(subject, to_string(shape_of(a)) + " and " + to_string(shape_of(b)) + " do not belong to one product");
}

// Σ over the heads of a group of leftᵀ·right: left [B, H, L, M], right [B, H, L, N] -> [B, Hk, M, N].
Tensor<double> transposed_products(const Tensor<double>& left, const Tensor<double>& right, std::size_t kv_heads) {
  const std::size_t batch = left.shape(0), heads = left.shape(1), rows = left.shape(2), m = left.shape(3), n = right.shape(3);
  Tensor<double> sums = filled<double>({batch, kv_heads, m, n}, 0);
  Tensor<double> columns = empty<double>({m, rows}), product = empty<double>({m, n});
  for (std::size_t slice = 0; slice < batch * heads; ++slice) {
    const std::size_t group = (slice / heads) * kv_heads + (slice % heads) / (heads / kv_heads);
    transpose(left.data() + slice * rows * m, columns.data(), rows, m);
    multiply(columns.data(), right.data() + slice * rows * n, product.data(), m, rows, n);
    for (std::size_t i = 0; i < product.size(); ++i) sums.data()[group * m * n + i] += product.data()[i];
  }
  return sums;
}

}  // namespace

FactorGradients raw_scores_backward(const Tensor<double>& q, const Tensor<double>& k, const Tensor<double>& d) {
  require(q.dimension() == 4 && k.dimension() == 4 && d.dimension() == 4 && d.shape(2) == q.shape(2) && d.shape(3) == k.shape(2),
          "backward of the scores", q, d);
  return {weighted_values(d, k), transposed_products(d, q, k.shape(1))};
}

FactorGradients weighted_values_backward(const Tensor<double>& weights, const Tensor<double>& v, const Tensor<double>& d) {
  require(weights.dimension() == 4 && v.dimension() == 4 && d.dimension() == 4 && d.shape(2) == weights.shape(2) && d.shape(3) == v.shape(3),
          "backward of the weighted values", weights, d);
  return {raw_scores(d, v), transposed_products(weights, d, v.shape(1))};
}

Tensor<double> capped_scores_backward(const Tensor<double>& capped, double cap, const Tensor<double>& d) {
  require(shape_of(capped) == shape_of(d), "backward of the soft cap", capped, d);
  Tensor<double> result = d;
  for (std::size_t i = 0; i < d.size(); ++i) {
    const double share = capped.data()[i] / cap;
    result.data()[i] *= 1 - share * share;
  }
  return result;
}

Tensor<double> masked_scores_backward(const Tensor<double>& mask, const Tensor<double>& d) {
  require(shape_of(mask) == shape_of(d), "backward of the mask", mask, d);
  Tensor<double> result = d;
  for (std::size_t i = 0; i < d.size(); ++i) {
    if (mask.data()[i] == -std::numeric_limits<double>::infinity()) result.data()[i] = 0;
  }
  return result;
}

Tensor<double> dropped_weights_backward(const Tensor<double>& keep, double p, const Tensor<double>& d) {
  return dropped_weights(d, keep, p);  // what multiplies the weights multiplies their gradient
}

Tensor<double> softmax_backward(const Tensor<double>& weights, const std::vector<bool>& constant, const Tensor<double>& d) {
  require(shape_of(weights) == shape_of(d) && weights.dimension() > 0, "backward of the softmax", weights, d);
  Tensor<double> result = filled<double>(shape_of(d), 0);
  const std::size_t keys = d.shape().back();
  for (std::size_t row = 0; keys > 0 && row < d.size() / keys; ++row) {
    if (!constant.empty() && constant[row]) continue;
    const std::size_t first = row * keys;
    double mean = 0;
    for (std::size_t j = first; j < first + keys; ++j) mean += d.data()[j] * weights.data()[j];
    for (std::size_t j = first; j < first + keys; ++j) result.data()[j] = weights.data()[j] * (d.data()[j] - mean);
  }
  return result;
}

}  // namespace attn
