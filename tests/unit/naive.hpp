// Independent references for the tests: attention written as plain loops over nested indices, with no
// code shared with the library. Slow, obvious, and in long double.
#pragma once

#include <attn/tensor.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace naive {

/// Fixed, aperiodic numbers in (-1, 1): a 32-bit linear congruence (Numerical Recipes constants).
template <class T>
attn::Tensor<T> numbers(const attn::Shape& shape, std::uint32_t seed) {
  attn::Tensor<T> tensor = attn::empty<T>(shape);
  for (T& value : tensor.storage()) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<T>(static_cast<double>(seed) / 2147483648.0 - 1.0);
  }
  return tensor;
}

template <class T>
long double at(const attn::Tensor<T>& tensor, const std::vector<std::size_t>& index) {
  std::size_t flat = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) flat = flat * tensor.shape(axis) + index[axis];
  return static_cast<long double>(tensor.data()[flat]);
}

/// weights and heads of one query, from the definition: which keys are visible, and what is added.
struct Query {
  std::vector<long double> raw, weights, head;
};

struct Rule {
  long double scale = 1;
  long double softcap = 0;  // 0: none
  std::function<bool(std::size_t b, std::size_t h, std::size_t i, std::size_t j)> visible =
      [](std::size_t, std::size_t, std::size_t, std::size_t) { return true; };
  std::function<long double(std::size_t b, std::size_t h, std::size_t i, std::size_t j)> added =
      [](std::size_t, std::size_t, std::size_t, std::size_t) { return 0.0L; };
};

/// q [B, H, Lq, D], k [B, Hk, Lk, D], v [B, Hk, Lk, Dv]; query head h reads key head h·Hk / H. A query
/// that sees nothing has weights 0.
template <class T>
Query query(const attn::Tensor<T>& q, const attn::Tensor<T>& k, const attn::Tensor<T>& v, const Rule& rule,
            std::size_t b, std::size_t h, std::size_t i) {
  const std::size_t keys = k.shape(2), kv_head = h * k.shape(1) / q.shape(1);
  Query result;
  long double total = 0;
  for (std::size_t j = 0; j < keys; ++j) {
    long double product = 0;
    for (std::size_t d = 0; d < q.shape(3); ++d) product += at(q, {b, h, i, d}) * at(k, {b, kv_head, j, d});
    result.raw.push_back(product);
    long double score = product * rule.scale;
    if (rule.softcap > 0) score = rule.softcap * std::tanh(score / rule.softcap);
    score += rule.added(b, h, i, j);
    result.weights.push_back(rule.visible(b, h, i, j) ? std::exp(score) : 0.0L);
    total += result.weights.back();
  }
  for (long double& weight : result.weights) weight = total > 0 ? weight / total : 0.0L;
  for (std::size_t c = 0; c < v.shape(3); ++c) {
    long double sum = 0;
    for (std::size_t j = 0; j < keys; ++j) sum += result.weights[j] * at(v, {b, kv_head, j, c});
    result.head.push_back(sum);
  }
  return result;
}

}  // namespace naive
