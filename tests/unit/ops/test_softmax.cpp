#include "naive.hpp"

#include <attn/ops/softmax.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity();
}

TEST_CASE("softmax of ln 1, ln 2, ln 5 is 1/8, 2/8, 5/8") {
  const Tensor<double> scores = {{std::log(1.0), std::log(2.0), std::log(5.0)}};
  const Tensor<double> weights = softmax(scores).weights;
  CHECK(weights(0, 0) == doctest::Approx(0.125).epsilon(1e-15));
  CHECK(weights(0, 1) == doctest::Approx(0.25).epsilon(1e-15));
  CHECK(weights(0, 2) == doctest::Approx(0.625).epsilon(1e-15));
}

TEST_CASE("large scores do not overflow, and a constant added to a row changes nothing") {
  const Tensor<float> scores = {{1000.0f, 1001.0f, 999.0f}}, shifted = {{0.0f, 1.0f, -1.0f}};
  CHECK(softmax(scores).weights == softmax(shifted).weights);
}

TEST_CASE("the inside of softmax: maximum, exponentials, their sum") {
  const Tensor<double> scores = {{0.0, -inf, std::log(3.0)}};
  const SoftmaxSteps<double> steps = softmax(scores, {}, MaskedRows::zero, Detail::yes);
  REQUIRE(steps.row_max);
  CHECK(shape_of(*steps.row_max) == Shape{1, 1});
  CHECK((*steps.row_max)(0, 0) == std::log(3.0));
  CHECK((*steps.exp)(0, 0) == doctest::Approx(1.0 / 3).epsilon(1e-15));  // exp(0 - ln 3)
  CHECK((*steps.exp)(0, 1) == 0);
  CHECK((*steps.exp)(0, 2) == 1);
  CHECK((*steps.row_sum)(0, 0) == doctest::Approx(4.0 / 3).epsilon(1e-15));
  CHECK(steps.weights(0, 2) == doctest::Approx(0.75).epsilon(1e-15));
  CHECK_FALSE(softmax(scores).row_max);
}

TEST_CASE("a row without a visible key follows the chosen policy, the other rows do not") {
  const Tensor<double> scores = {{-inf, -inf}, {0.0, 0.0}};
  const std::vector<bool> masked = {true, false};
  const auto zero = softmax(scores, masked, MaskedRows::zero, Detail::yes);
  CHECK(zero.weights == Tensor<double>{{0.0, 0.0}, {0.5, 0.5}});
  CHECK((*zero.row_sum)(0, 0) == 0);
  CHECK(softmax(scores, masked, MaskedRows::uniform).weights == Tensor<double>{{0.5, 0.5}, {0.5, 0.5}});
  const auto nan = softmax(scores, masked, MaskedRows::nan).weights;
  CHECK(std::isnan(nan(0, 0)));
  CHECK(std::isnan(nan(0, 1)));
  CHECK(nan(1, 0) == 0.5);
}

TEST_CASE("without a policy, NaN, +inf and a row of -inf give NaN, as the formula does") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor<double> scores = {{0.0, nan}, {0.0, inf}, {-inf, -inf}};
  const Tensor<double> weights = softmax(scores).weights;
  for (std::size_t row = 0; row < 3; ++row) CHECK(std::isnan(weights(row, 1)));
}

TEST_CASE("a row is fully masked when its mask is -inf throughout") {
  const Tensor<double> mask = {{-inf, -inf}, {-inf, 0.0}, {-1e30, -1e30}};
  CHECK(fully_masked_rows(mask) == std::vector<bool>{true, false, false});
}

TEST_CASE("rows sum to one within rounding, for both precisions") {
  const auto scores = naive::numbers<float>({5, 40}, 3);
  const Tensor<float> weights = softmax(scores).weights;
  for (std::size_t row = 0; row < 5; ++row) {
    double sum = 0;
    for (std::size_t j = 0; j < 40; ++j) sum += weights(row, j);
    CHECK(std::abs(sum - 1) < 40 * 6e-8);
  }
}

TEST_CASE("no keys at all give an empty result") {
  CHECK(softmax(empty<double>({3, 0})).weights.size() == 0);
}
