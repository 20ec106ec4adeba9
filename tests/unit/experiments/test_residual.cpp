#include <attn/experiments/residual.hpp>

#include <doctest/doctest.h>

using namespace attn;

TEST_CASE("without the connection the gradient vanishes layer by layer, with it it stays") {
  TorchGenerator random(0);
  StackSizes sizes;
  sizes.layers = 8;
  sizes.len = 6;
  sizes.d_model = 16;
  sizes.draws = 4;
  const auto points = residual_gradients(sizes, random);
  REQUIRE(points.size() == 18);
  CHECK(points[16].log10_gradient.mean == 0);  // at the output, relative to itself
  CHECK(points[17].log10_gradient.mean == 0);
  CHECK(points[0].log10_gradient.mean < -3);
  CHECK(points[1].log10_gradient.mean > -0.5);
  for (std::size_t i = 2; i < points.size(); i += 2) CHECK(points[i].log10_gradient.mean > points[i - 2].log10_gradient.mean);
}
