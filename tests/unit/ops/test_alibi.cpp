// Expected values: the slopes that the paper gives for 8 and 16 heads, and the rule of its code for 12.
#include <attn/ops/alibi.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("eight heads have the slopes 1/2, 1/4 … 1/256") {
  const std::vector<double> slopes = alibi_slopes(8);
  for (std::size_t h = 0; h < 8; ++h) CHECK(slopes[h] == std::ldexp(1.0, -static_cast<int>(h) - 1));
}

TEST_CASE("twelve heads have those of eight, then every other one of sixteen") {
  const std::vector<double> slopes = alibi_slopes(12);
  CHECK(slopes.size() == 12);
  CHECK(slopes[7] == 1.0 / 256);
  const double root = std::sqrt(0.5);  // of sixteen heads: 2^-0.5, 2^-1, 2^-1.5 …
  CHECK(slopes[8] == doctest::Approx(root).epsilon(1e-15));
  CHECK(slopes[9] == doctest::Approx(root / 2).epsilon(1e-15));
  CHECK(slopes[11] == doctest::Approx(root / 8).epsilon(1e-15));
  CHECK(alibi_slopes_without_rule(12)[11] == 1.0 / 256);
  CHECK(alibi_slopes(1)[0] == 1.0 / 256);
  CHECK_THROWS_AS(alibi_slopes(0), UsageError);
}

TEST_CASE("the bias falls with the distance, and the last query meets the last key") {
  const Tensor<double> bias = alibi_bias<double>({0.5}, 2, 3, AlibiFuture::masked);
  CHECK(bias(0, 0, 0) == -0.5);
  CHECK(bias(0, 0, 1) == 0);
  CHECK_FALSE(std::signbit(bias(0, 0, 1)));
  CHECK(bias(0, 0, 2) == -INFINITY);
  CHECK(bias(0, 1, 0) == -1);
  CHECK(alibi_bias<double>({0.5}, 2, 3, AlibiFuture::symmetric)(0, 0, 2) == -0.5);
  CHECK_THROWS_AS(alibi_bias<double>({0.5}, 3, 2, AlibiFuture::masked), UsageError);
}
