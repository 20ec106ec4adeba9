#include <attn/experiments/estimate.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace attn;

TEST_CASE("a mean comes with its standard error") {
  // 1 2 3 6: mean 3, squares 4 + 1 + 0 + 9 = 14, s² = 14/3, s²/4 = 7/6
  const Estimate four = estimate({1, 2, 3, 6});
  CHECK(four.mean == 3);
  CHECK(four.error * four.error == doctest::Approx(7.0 / 6));
  CHECK(estimate({5}).error == 0);
  CHECK_THROWS_AS(estimate({}), std::invalid_argument);
}
