// Expected values by hand, with the arithmetic shown.
#include <attn/error.hpp>
#include <attn/ops/norm.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

using namespace attn;

namespace {

// One row of numbers, [1, n].
Tensor<double> row(std::initializer_list<double> numbers) {
  Tensor<double> tensor = empty<double>({1, numbers.size()});
  std::copy(numbers.begin(), numbers.end(), tensor.data());
  return tensor;
}

NormOptions with(NormKind kind, double eps, Variance variance = Variance::biased) {
  NormOptions options;
  options.kind = kind;
  options.eps = eps;
  options.variance = variance;
  return options;
}

}  // namespace

TEST_CASE("LayerNorm centres each row and divides it by its spread") {
  // 1 2 3 6: mean 3, deviations -2 -1 0 3, squares 4 1 0 9, variance 14/4 = 3.5; with eps 0.5 the root is 2.
  const Tensor<double> x = {{1, 2, 3, 6}, {7, 7, 7, 7}};
  const auto steps = normalised<double>(x, {}, with(NormKind::layer, 0.5));
  CHECK((*steps.mean)(0, 0) == 3);
  CHECK((*steps.variance)(0, 0) == 3.5);
  CHECK(shape_of(*steps.mean) == Shape{2, 1});
  CHECK(steps.norm == Tensor<double>{{-1, -0.5, 0, 1.5}, {0, 0, 0, 0}});
  CHECK_FALSE(steps.mean_square);
  CHECK_FALSE(steps.hat);
}

TEST_CASE("the unbiased variance divides by one less, and gain and shift come last") {
  // 14/3 in place of 14/4; with eps 0 the first element is -2/sqrt(14/3) = -0.92582...
  const Tensor<double> x = row({1, 2, 3, 6});
  const auto options = with(NormKind::layer, 0, Variance::unbiased);
  const auto plain = normalised<double>(x, {}, options);
  CHECK((*plain.variance)(0, 0) == doctest::Approx(14.0 / 3));
  CHECK(plain.norm(0, 0) == doctest::Approx(-2 / std::sqrt(14.0 / 3)));
  NormWeights<double> weights{Tensor<double>{2, 3, 4, 5}, Tensor<double>{10, 20, 30, 40}};
  const auto affine = normalised(x, weights, options);
  CHECK(affine.norm(0, 3) == doctest::Approx(5 * 3 / std::sqrt(14.0 / 3) + 40));
}

TEST_CASE("RMSNorm divides by the root of the mean square and does not centre") {
  // 1 2 2 4: squares 1 4 4 16, mean 25/4 = 6.25, root 2.5.
  const Tensor<double> x = row({1, 2, 2, 4});
  const auto steps = normalised<double>(x, {Tensor<double>{1, 1, 1, 10}, std::nullopt}, with(NormKind::rms, 0));
  CHECK((*steps.mean_square)(0, 0) == 6.25);
  CHECK(steps.norm == row({0.4, 0.8, 0.8, 16}));
  CHECK_FALSE(steps.mean);
}

TEST_CASE("the rows before gain and shift are kept when asked for") {
  NormOptions options = with(NormKind::layer, 0);
  options.detail = Detail::yes;
  const auto steps = normalised<double>(row({-1, 1}), {Tensor<double>{5, 5}, std::nullopt}, options);
  REQUIRE(steps.hat);
  CHECK(*steps.hat == row({-1, 1}));
  CHECK(steps.norm == row({-5, 5}));
}

TEST_CASE("a row of equal numbers without eps, and one number estimated from a sample, are 0/0") {
  CHECK(std::isnan(normalised<double>(row({3, 3}), {}, with(NormKind::layer, 0)).norm(0, 0)));
  const auto one = normalised<double>(row({3}), {}, with(NormKind::layer, 1e-5, Variance::unbiased));
  CHECK(std::isnan((*one.variance)(0, 0)));
}

TEST_CASE("no rows give no rows, and NaN stays in its row") {
  CHECK(normalised<double>(empty<double>({0, 4}), {}, {}).norm.size() == 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto steps = normalised<double>({{nan, 1}, {0, 2}}, {}, with(NormKind::layer, 0));
  CHECK(std::isnan(steps.norm(0, 1)));
  CHECK(steps.norm(1, 1) == 1);
}

TEST_CASE("parameters of another width, and statistics of other rows, are refused") {
  const Tensor<double> x = row({1, 2, 3});
  CHECK_THROWS_WITH_AS(normalised<double>(x, {Tensor<double>{1, 2}, std::nullopt}, {}),
                       "norm: a parameter of shape (2,) cannot be applied to rows of width 3", ShapeError);
  CHECK_THROWS_AS(normalised<double>(Tensor<double>(1.0), {}, {}), ShapeError);
  CHECK_THROWS_AS(row_variances(x, reshaped(row({1, 2}), {2, 1}), Variance::biased), ShapeError);
  CHECK_THROWS_AS(standardised<double>(x, std::nullopt, reshaped(row({1, 2}), {2, 1}), 0), ShapeError);
}
