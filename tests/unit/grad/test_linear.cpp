// Expected values by hand, with the arithmetic shown.
#include <attn/error.hpp>
#include <attn/grad/linear.hpp>

#include <doctest/doctest.h>

using namespace attn;

TEST_CASE("a linear map sends d·Wᵀ to its input, xᵀ·d to its weight and the sum of rows to its bias") {
  const Tensor<double> x = {{1, 2}, {3, 4}}, w = {{1, 0, 2}, {0, 1, 1}}, d = {{1, 10, 100}, {2, 0, 1}};
  const Tensor<double> b = {0, 0, 0};
  const LinearGradients gradients = linear_backward(x, w, b, d);
  // row 0: 1·1 + 10·0 + 100·2 = 201, 1·0 + 10·1 + 100·1 = 110; row 1: 2 + 0 + 2 = 4, 0 + 0 + 1 = 1
  CHECK(gradients.x == Tensor<double>{{201, 110}, {4, 1}});
  // 1·(1 10 100) + 3·(2 0 1) = 7 10 103; 2·(1 10 100) + 4·(2 0 1) = 10 20 204
  CHECK(*gradients.w == Tensor<double>{{7, 10, 103}, {10, 20, 204}});
  CHECK(*gradients.b == Tensor<double>{3, 10, 101});
}

TEST_CASE("samples add up in the parameters, and an absent weight is the identity") {
  const Tensor<double> x = reshaped(Tensor<double>{1, 2, 3, 4}, {2, 1, 2}), d = reshaped(Tensor<double>{5, 6, 7, 8}, {2, 1, 2}), b = {0, 0};
  const LinearGradients gradients = linear_backward(x, std::nullopt, b, d);
  CHECK(gradients.x == d);
  CHECK_FALSE(gradients.w.has_value());
  CHECK(*gradients.b == Tensor<double>{12, 14});
}

TEST_CASE("a gradient of another shape is refused") {
  const Tensor<double> x = reshaped(Tensor<double>{1, 2}, {1, 2}), w = {{1, 0}, {0, 1}}, d = {{1, 2}, {3, 4}}, b = {0, 0, 0};
  CHECK_THROWS_AS(linear_backward(x, w, std::nullopt, d), ShapeError);
  CHECK_THROWS_AS(linear_backward(x, w, b, x), ShapeError);
}
