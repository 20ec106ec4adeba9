#include <attn/ops/tanh_each.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace attn;

TEST_CASE("float32 tanh is within 4·2^-24 of the exact one, over the whole range") {
  std::vector<float> x;
  for (float value = -12; value < 12; value += 1e-3f) x.push_back(value);
  std::vector<float> y = x;
  tanh_each(y.data(), y.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(y[i] - std::tanh(static_cast<double>(x[i]))));
  CHECK(worst <= 4 * std::ldexp(1.0, -24));
}

TEST_CASE("zero, large numbers, infinities and NaN") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = {0.0f, 1e30f, -1e30f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()};
  tanh_each(values.data(), values.size());
  CHECK(values[0] == 0.0f);
  CHECK(values[1] == 1.0f);
  CHECK(values[2] == -1.0f);
  CHECK(values[3] == 1.0f);
  CHECK(values[4] == -1.0f);
  CHECK(std::isnan(values[5]));
}

TEST_CASE("float64 tanh is the standard library's") {
  std::vector<double> values = {0.25, -3};
  tanh_each(values.data(), values.size());
  CHECK(values == std::vector<double>{std::tanh(0.25), std::tanh(-3.0)});
}
