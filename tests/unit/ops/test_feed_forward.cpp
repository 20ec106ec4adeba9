// Expected values by hand; the error function's from tables (Abramowitz and Stegun 7.1: erf(1/√2) = 0.6826894921).
#include <attn/error.hpp>
#include <attn/ops/feed_forward.hpp>

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

}  // namespace

TEST_CASE("ReLU cuts at zero, and keeps NaN") {
  CHECK(activated(Activation::relu, -2.0) == 0);
  CHECK(activated(Activation::relu, 3.0) == 3);
  CHECK(std::isnan(activated(Activation::relu, std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("GELU is x times the normal distribution function") {
  // Φ(1) = (1 + 0.6826894921370859) / 2 = 0.841344746068543
  CHECK(activated(Activation::gelu, 1.0) == doctest::Approx(0.841344746068543).epsilon(1e-14));
  CHECK(activated(Activation::gelu, -1.0) == doctest::Approx(-0.158655253931457).epsilon(1e-13));
  CHECK(activated(Activation::gelu, 0.0) == 0);
}

TEST_CASE("the tanh approximation of GELU differs from it in the fourth digit") {
  // √(2/π)·(1 + 0.044715) = 0.8335630, tanh of it 0.6823840, half of one plus that 0.8411920
  CHECK(activated(Activation::gelu_tanh, 1.0) == doctest::Approx(0.8411920).epsilon(1e-6));
  CHECK(std::abs(activated(Activation::gelu_tanh, 1.0) - activated(Activation::gelu, 1.0)) > 1e-4);
}

TEST_CASE("SiLU is x times its sigmoid, without overflow at either end") {
  CHECK(activated(Activation::silu, std::log(3.0)) == doctest::Approx(std::log(3.0) * 0.75));  // 1/(1 + 1/3)
  CHECK(activated(Activation::silu, -1000.0) == 0);
  CHECK(activated(Activation::silu, 1000.0) == 1000);
}

TEST_CASE("a plain feed-forward maps, activates and maps back") {
  FeedForwardWeights<double> w;
  w.w_1 = Tensor<double>{{1, -1, 2}, {0, 1, 1}};  // (1, 2)·W_1 = (1, 1, 4)
  w.b_1 = Tensor<double>{-2, 0, 0};               // (-1, 1, 4), ReLU: (0, 1, 4)
  w.w_2 = Tensor<double>{{9, 9}, {1, 2}, {3, 5}};  // (1 + 12, 2 + 20)
  w.b_2 = Tensor<double>{0.5, -2};
  const auto steps = feed_forward<double>(row({1, 2}), w, Activation::relu);
  CHECK(steps.up == row({-1, 1, 4}));
  CHECK(steps.hidden == row({0, 1, 4}));
  CHECK(steps.output == row({13.5, 20}));
  CHECK_FALSE(steps.gate);
}

TEST_CASE("a gate's activation multiplies the other map") {
  FeedForwardWeights<double> w;
  w.w_gate = Tensor<double>{{1, 0}, {0, -1}};  // (2, 3): gate (2, -3)
  w.w_1 = Tensor<double>{{1, 1}, {1, 0}};      // up (5, 2)
  const auto relu = feed_forward<double>(row({2, 3}), w, Activation::relu);
  CHECK(relu.hidden == row({10, 0}));
  const auto swiglu = feed_forward<double>(row({2, 3}), w, Activation::silu);
  CHECK(swiglu.hidden(0, 0) == doctest::Approx(2 / (1 + std::exp(-2.0)) * 5));
  CHECK(swiglu.hidden(0, 1) == doctest::Approx(-3 / (1 + std::exp(3.0)) * 2));
}

TEST_CASE("maps that do not fit are refused by the name of their step") {
  FeedForwardWeights<double> w;
  w.w_1 = row({1, 2, 3});
  CHECK_THROWS_WITH_AS(feed_forward<double>(row({1, 2}), w, Activation::relu),
                       "ffn_up: a map of shape (1, 3) cannot be applied to rows of width 2", ShapeError);
  w.w_1 = Tensor<double>{{1, 2, 3}, {4, 5, 6}};
  w.w_gate = reshaped(row({1, 2}), {2, 1});
  CHECK_THROWS_AS(feed_forward<double>(row({1, 2}), w, Activation::relu), ShapeError);
}
