#include <attn/error.hpp>
#include <attn/ops/linear_attention.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

// elu(x) + 1: e^x below zero, x + 1 from there on, in one form for both.
template <class T>
T feature(T x) {
  return std::max(x, T{0}) + std::exp(std::min(x, T{0}));
}

}  // namespace

template <class T>
LinearAttentionSteps<T> linear_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, Products products) {
  const bool ranks = q.dimension() == 2 && k.dimension() == 2 && v.dimension() == 2;
  if (!ranks || q.shape(1) != k.shape(1) || k.shape(0) != v.shape(0)) {
    throw ShapeError("linear attention", "q " + to_string(shape_of(q)) + ", k " + to_string(shape_of(k)) + " and v " +
                                             to_string(shape_of(v)) + " must be (Lq, D), (Lk, D) and (Lk, Dv)");
  }
  const std::size_t queries = q.shape(0), keys = k.shape(0), size = q.shape(1), width = v.shape(1);
  LinearAttentionSteps<T> steps;
  steps.query_features = q;
  for (T& value : steps.query_features.storage()) value = feature(value);
  steps.key_features = empty<T>({size, keys});
  steps.normalizer = filled<T>({size}, T{0});
  for (std::size_t j = 0; j < keys; ++j) {
    for (std::size_t a = 0; a < size; ++a) {
      const T value = feature(k.data()[j * size + a]);
      steps.key_features.data()[a * keys + j] = value;
      steps.normalizer.data()[a] += value;
    }
  }
  steps.state = empty<T>({size, width});
  multiply(products, steps.key_features.data(), v.data(), steps.state.data(), size, keys, width);
  steps.output = empty<T>({queries, width});
  multiply(products, steps.query_features.data(), steps.state.data(), steps.output.data(), queries, size, width);
  for (std::size_t i = 0; i < queries; ++i) {
    const T* features = steps.query_features.data() + i * size;
    T sum = 0;
    for (std::size_t a = 0; a < size; ++a) sum += features[a] * steps.normalizer.data()[a];
    for (std::size_t b = 0; b < width; ++b) steps.output.data()[i * width + b] /= sum;
  }
  return steps;
}

template LinearAttentionSteps<float> linear_attention(const Tensor<float>&, const Tensor<float>&, const Tensor<float>&, Products);
template LinearAttentionSteps<double> linear_attention(const Tensor<double>&, const Tensor<double>&, const Tensor<double>&, Products);

}  // namespace attn
