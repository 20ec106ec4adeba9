#include <attn/experiments/depth.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("a sample of equal rows has no differences") {
  const DepthPoint point = shares_of(reshaped(Tensor<double>{1, 2, 1, 2, 3, 4, 3, 4}, {2, 2, 2}));
  CHECK(point.rank_one_residual.mean == 0);
  CHECK(point.positions.mean == 0);
  CHECK(point.tokens.mean == 0);
}

TEST_CASE("what all samples have at equal positions is the positions' share") {
  // Rows ±1 in both samples: nothing but a difference by position.
  const DepthPoint point = shares_of(reshaped(Tensor<double>{1, -1, 1, -1}, {2, 2, 1}));
  CHECK(point.rank_one_residual.mean == 1);
  CHECK(point.positions.mean == 1);
  CHECK(point.tokens.mean == 0);
}

TEST_CASE("opposite samples share nothing, though their spread is the largest") {
  const DepthPoint point = shares_of(reshaped(Tensor<double>{1, -1, -1, 1}, {2, 2, 1}));
  CHECK(point.rank_one_residual.mean == 1);
  CHECK(point.positions.mean == 0);
  CHECK(point.tokens.mean == doctest::Approx(std::sqrt(2.0)));  // estimated from two samples: n/(n − 1)
}

TEST_CASE("attention alone makes rows equal; the residual connection prevents it") {
  TorchGenerator random(0);
  StackSizes sizes;
  sizes.layers = 6;
  sizes.len = 8;
  sizes.d_model = 16;
  sizes.draws = 3;
  const auto points = depth(sizes, 4, random);
  REQUIRE(points.size() == 7 * 4);
  const auto at = [&](std::size_t layer, StackKind kind) { return points[layer * 4 + static_cast<std::size_t>(kind)].rank_one_residual.mean; };
  CHECK(at(0, StackKind::attention) > 0.5);
  CHECK(at(6, StackKind::attention) < 1e-3);
  CHECK(at(6, StackKind::attention_residual) > 0.3);
  CHECK(at(6, StackKind::whole_layer) > 0.3);
}
