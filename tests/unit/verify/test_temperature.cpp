#include "naive.hpp"

#include <attn/verify/temperature.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

TEST_CASE("the factor is read off weights, whatever a few of them say") {
  // Two rows of scores; weights are exp(0.7·s) over the row's sum.
  const Tensor<double> scores = {{0.0, 1.0, 3.0, -std::numeric_limits<double>::infinity()}, {2.0, -1.0, 0.5, 1.5}};
  Tensor<double> weights = scores;
  for (std::size_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (std::size_t j = 0; j < 4; ++j) sum += std::exp(0.7 * scores(row, j));
    for (std::size_t j = 0; j < 4; ++j) weights(row, j) = std::exp(0.7 * scores(row, j)) / sum;
  }
  CHECK(*factor_in_softmax(weights, scores) == doctest::Approx(0.7).epsilon(1e-12));
  weights(1, 1) = 0.5;
  CHECK(*factor_in_softmax(weights, scores) == doctest::Approx(0.7).epsilon(1e-12));
}

TEST_CASE("scores that are all alike, weights that are nothing, and other shapes tell no factor") {
  const Tensor<double> alike = filled<double>({2, 3}, 1.0), apart = {{0.0, 1.0, 2.0}, {0.0, 1.0, 2.0}};
  CHECK_FALSE(factor_in_softmax(filled<double>({2, 3}, 1.0 / 3), alike));
  CHECK_FALSE(factor_in_softmax(filled<double>({2, 3}, 0.0), apart));
  CHECK_FALSE(factor_in_softmax(filled<double>({3, 2}, 0.5), apart));
  CHECK_FALSE(factor_in_softmax(filled<double>({2, 0}, 0.5), filled<double>({2, 0}, 0.5)));
}
