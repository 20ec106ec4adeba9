// What every kernel must do, against plain loops in long double; one test file an instruction set calls it.
#pragma once

#include "../../naive.hpp"

#include <attn/ops/fused/kernel.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace attn::fused {

// A tile of sizes that leave a rest in every blocking: 7 = 4 + 2 + 1 rows, and one register more than the widest
// block of columns.
template <class T>
struct TileOfNumbers {
  explicit TileOfNumbers(std::size_t lanes) : columns(5 * lanes) {}
  std::size_t columns, keys = 7, head_dim = 5, value_dim = 7;
  Tensor<T> key = naive::numbers<T>({keys, head_dim}, 1);
  Tensor<T> query = naive::numbers<T>({head_dim, columns}, 2);
  Tensor<T> value = naive::numbers<T>({keys, value_dim}, 3);
  Tensor<T> weight = naive::numbers<T>({keys, columns}, 4);
  Tensor<T> factor = naive::numbers<T>({columns}, 5);
};

template <class T>
void check_products(const Kernel<T>& kernel) {
  const TileOfNumbers<T> tile(kernel.lanes);
  const long double tolerance = 8 * std::numeric_limits<T>::epsilon();
  Tensor<T> scores = filled<T>({tile.keys, tile.columns}, T{9});
  kernel.scores(tile.key.data(), tile.keys, tile.head_dim, tile.query.data(), tile.columns, scores.data());
  Tensor<T> sums = filled<T>({tile.value_dim, tile.columns}, T{3});
  kernel.values(tile.value.data(), tile.keys, tile.value_dim, tile.weight.data(), tile.columns, tile.factor.data(), sums.data());
  for (std::size_t i = 0; i < tile.columns; ++i) {
    for (std::size_t j = 0; j < tile.keys; ++j) {
      long double expected = 0;
      for (std::size_t d = 0; d < tile.head_dim; ++d) expected += naive::at(tile.key, {j, d}) * naive::at(tile.query, {d, i});
      CHECK(std::abs(naive::at(scores, {j, i}) - expected) <= tolerance);
    }
    for (std::size_t d = 0; d < tile.value_dim; ++d) {
      long double expected = 3 * naive::at(tile.factor, {i});
      for (std::size_t j = 0; j < tile.keys; ++j) expected += naive::at(tile.value, {j, d}) * naive::at(tile.weight, {j, i});
      CHECK(std::abs(naive::at(sums, {d, i}) - expected) <= tolerance);
    }
  }
}

// Rows that have met nothing yet, as the loop over tiles starts them.
template <class T>
struct FreshRows {
  explicit FreshRows(std::size_t columns)
      : max(columns, -std::numeric_limits<T>::infinity()), sum(columns, T{0}), factor(columns, T{0}) {}
  std::vector<T> max, sum, factor;
  RunningRows<T> view() { return {max.data(), sum.data(), factor.data()}; }
};

template <class T>
T weight_of(const Kernel<T>& kernel, T score, T largest) {
  std::vector<T> tile(2 * kernel.lanes, score);
  for (std::size_t i = 0; i < kernel.lanes; ++i) tile[i] = largest;
  FreshRows<T> rows(kernel.lanes);
  kernel.softmax(tile.data(), 2, kernel.lanes, rows.view());
  return tile[kernel.lanes];
}

// exp(score − 0) over the whole range in which it is a normal number, and what lies beyond.
template <class T>
void check_exponential(const Kernel<T>& kernel) {
  constexpr T inf = std::numeric_limits<T>::infinity();
  const T lowest = static_cast<T>(std::log(std::numeric_limits<T>::min()));
  for (int i = 0; i <= 20000; ++i) {
    const T score = lowest * static_cast<T>(i) / 20001;
    const long double expected = std::exp(static_cast<long double>(score));
    // Rounding score·log₂e moves the result by |score|/2 units in the last place, at most.
    const long double units = 2 + std::abs(static_cast<long double>(score));
    CHECK(std::abs(static_cast<long double>(weight_of(kernel, score, T{0})) - expected) <=
          units * expected * std::numeric_limits<T>::epsilon());
  }
  CHECK(weight_of(kernel, T{0}, T{0}) == 1);
  CHECK(weight_of(kernel, -inf, T{0}) == 0);
  CHECK(weight_of(kernel, lowest * 2, T{0}) == 0);
  CHECK(weight_of(kernel, std::numeric_limits<T>::lowest(), T{0}) == 0);
  CHECK(weight_of(kernel, -inf, -inf) == 0);  // the row has met nothing; its sum of 0 makes the NaN
  CHECK(std::isnan(weight_of(kernel, std::numeric_limits<T>::quiet_NaN(), T{0})));
  CHECK(std::isnan(weight_of(kernel, inf, inf)));
}

// Scores 0, 2, 1 one tile after the other: max 0, 2, 2; the factors exp(−∞), exp(0 − 2), exp(0); the sum
// 1, exp(−2) + 1, exp(−2) + 1 + exp(−1).
template <class T>
void check_online_softmax(const Kernel<T>& kernel) {
  const T scores[] = {0, 2, 1};
  const double factors[] = {0, std::exp(-2.0), 1};
  const double sums[] = {1, std::exp(-2.0) + 1, std::exp(-2.0) + 1 + std::exp(-1.0)};
  FreshRows<T> rows(kernel.lanes);
  const double tolerance = 8 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (int tile = 0; tile < 3; ++tile) {
    std::vector<T> score(kernel.lanes, scores[tile]);
    kernel.softmax(score.data(), 1, kernel.lanes, rows.view());
    for (std::size_t lane = 0; lane < kernel.lanes; ++lane) {
      CHECK(std::abs(static_cast<double>(rows.factor[lane]) - factors[tile]) <= tolerance);
      CHECK(std::abs(static_cast<double>(rows.sum[lane]) - sums[tile]) <= tolerance);
    }
  }
}

// cap·tanh(score / cap) keeps its relative precision however small the score is.
template <class T>
void check_cap(const Kernel<T>& kernel) {
  for (int i = -400; i <= 400; ++i) {
    const T score = static_cast<T>(i < 0 ? -std::exp2(-i / 10.0 - 30) : std::exp2(i / 10.0 - 30));
    std::vector<T> capped(kernel.lanes, score);
    kernel.cap(capped.data(), capped.size(), T{30});
    const long double expected = 30 * std::tanh(static_cast<long double>(score) / 30);
    CHECK(std::abs(static_cast<long double>(capped[0]) - expected) <= 6 * std::abs(expected) * std::numeric_limits<T>::epsilon());
  }
  std::vector<T> special(kernel.lanes, std::numeric_limits<T>::infinity());
  special[0] = std::numeric_limits<T>::quiet_NaN();
  kernel.cap(special.data(), special.size(), T{30});
  CHECK(std::isnan(special[0]));
  CHECK(special.back() == 30);
}

template <class T>
void check_kernel(InstructionSet set) {
  if (!available(set)) {
    MESSAGE("skipped: this machine has no ", std::string(name_of(set)));
    return;
  }
  const Kernel<T>& kernel = kernel_for<T>(set);
  check_products(kernel);
  check_exponential(kernel);
  check_online_softmax(kernel);
  check_cap(kernel);
}

}  // namespace attn::fused
