#include <attn/error.hpp>
#include <attn/grad/feed_forward.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("slopes at places where they are known by hand") {
  CHECK(activation_slope(Activation::relu, 2) == 1);
  CHECK(activation_slope(Activation::relu, -2) == 0);
  CHECK(activation_slope(Activation::relu, 0) == 0);
  CHECK(activation_slope(Activation::gelu, 0) == 0.5);       // Φ(0)
  CHECK(activation_slope(Activation::gelu_tanh, 0) == 0.5);
  CHECK(activation_slope(Activation::silu, 0) == 0.5);       // σ(0)
  CHECK(activation_slope(Activation::silu, 50) == doctest::Approx(1));
}

TEST_CASE("the slope of every activation is the limit of its difference quotients") {
  const double h = 1e-6;
  for (const Activation activation : {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    for (const double x : {-3.0, -0.7, 0.2, 1.0, 4.0}) {
      const double quotient = (activated(activation, x + h) - activated(activation, x - h)) / (2 * h);
      CHECK(std::abs(activation_slope(activation, x) - quotient) < 1e-9);
    }
  }
}

TEST_CASE("a gate and what it opens are two factors") {
  const Tensor<double> up = {3, 5}, gate = {2, -1}, d = {10, 10};
  const HiddenGradients gated = hidden_backward(up, gate, Activation::relu, d);
  CHECK(gated.up == Tensor<double>{20, 0});      // 10·relu(2), 10·relu(−1)
  CHECK(*gated.gate == Tensor<double>{30, 0});   // 10·3·1, 10·5·0
  const HiddenGradients plain = hidden_backward(gate, std::nullopt, Activation::relu, d);
  CHECK(plain.up == Tensor<double>{10, 0});
  CHECK_FALSE(plain.gate.has_value());
  CHECK_THROWS_AS(hidden_backward(up, filled<double>({1}, 1), Activation::relu, d), ShapeError);
}
