#include <attn/verify/posenc_rounding.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;
using namespace attn::posenc;

TEST_CASE("rounding classes go from tight to loose") {
  for (std::size_t i = 1; i < rounding_classes().size(); ++i) CHECK(rounding_classes()[i].unit > rounding_classes()[i - 1].unit);
}

TEST_CASE("half the distance between neighbours doubles with every power of two, and stays below the normal numbers") {
  // float16: 10 bits after the first, so steps of 1/1024 from 1 to 2.
  CHECK(half_step(1, float16_type()) == 1.0 / 2048);
  CHECK(half_step(-1.9, float16_type()) == 1.0 / 2048);
  CHECK(half_step(2, float16_type()) == 1.0 / 1024);
  CHECK(half_step(0.99, float16_type()) == 1.0 / 4096);
  CHECK(half_step(0, float16_type()) == std::ldexp(1.0, -25));  // steps of 2^-24 below 2^-14
  // bfloat16: 7 bits after the first.
  CHECK(half_step(1, bfloat16_type()) == 1.0 / 256);
}

TEST_CASE("decimals are those that every number has") {
  CHECK(decimals_of({0.25, -0.5, 1, 0}) == 2);
  CHECK(decimals_of({0.841471, 0.540302}) == 6);
  CHECK(decimals_of({0.841, std::nan("")}) == 3);
  CHECK_FALSE(decimals_of({1, 2, -3}).has_value());        // whole numbers
  CHECK_FALSE(decimals_of({0.8414709, 0.5}).has_value());  // seven
  CHECK_FALSE(decimals_of({1.0 / 3}).has_value());
}

TEST_CASE("a type is one of the tolerances where it holds every number") {
  const auto names = [](const Tensor<double>& values) {
    std::string text;
    for (const TypeTolerance& one : tolerances_of(values)) text += (text.empty() ? "" : " ") + one.name();
    return text;
  };
  CHECK(names({0.5, 1.0}) == "float64 float32 2 decimals float16 bfloat16");
  CHECK(names({1 + 1.0 / 1024}) == "float64 float32 float16");
  CHECK(names({100000.0}) == "float64 float32");  // beyond float16, and not of 8 digits
  CHECK(names({98304.0}) == "float64 float32 bfloat16");  // 3 · 2^15
  CHECK(names({0.1}) == "float64 float32 2 decimals");
  CHECK(tolerances_of(Tensor<double>{0.1}).front().storing(1) == 0);
  CHECK(tolerances_of(Tensor<double>{0.1}).back().storing(1) == 0.5 * std::pow(10, -2));  // half a unit of the last decimal
}
