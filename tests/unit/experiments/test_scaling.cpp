#include <attn/experiments/scaling.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("the norm of the softmax's Jacobian, by hand") {
  // p = (½, ½): diag − ppᵀ = ±¼ four times, norm √(4/16) = ½. One weight of 1 lets nothing through.
  CHECK(softmax_jacobian_norm({0.5, 0.5}) == 0.5);
  CHECK(softmax_jacobian_norm({1, 0, 0}) == 0);
  // n equal weights: √(1/n − 1/n²)
  CHECK(softmax_jacobian_norm({0.25, 0.25, 0.25, 0.25}) == doctest::Approx(std::sqrt(3.0 / 16)));
}

TEST_CASE("without the scale the variance is d, with it 1, within five standard errors") {
  TorchGenerator random(0);
  const auto points = scaling({{4, 64, 256}, 64, 300}, random);
  REQUIRE(points.size() == 6);
  for (const ScalingPoint& point : points) {
    CAPTURE(point.head_dim);
    const double expected = point.scaled ? 1 : static_cast<double>(point.head_dim);
    CHECK(std::abs(point.variance.mean - expected) < 5 * point.variance.error);
  }
}

TEST_CASE("wide heads saturate the softmax unless they are scaled") {
  TorchGenerator random(1);
  const auto points = scaling({{512}, 64, 100}, random);
  CHECK(points[0].largest_weight.mean > 0.9);
  CHECK(points[1].largest_weight.mean < 0.2);
  CHECK(points[0].entropy.mean < 0.1);
  CHECK(points[1].entropy.mean > 0.8);
  CHECK(points[0].jacobian.mean < points[1].jacobian.mean);
}

TEST_CASE("the same seed gives the same points") {
  TorchGenerator first(7), second(7);
  CHECK(scaling({{8}, 4, 5}, first).front().variance.mean == scaling({{8}, 4, 5}, second).front().variance.mean);
}
