#include <attn/error.hpp>
#include <attn/experiments/stacks.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace attn;

TEST_CASE("fresh weights have the shapes of their maps and the ranges of their initialisation") {
  TorchGenerator random(0);
  StackSizes sizes;
  sizes.d_model = 8;
  sizes.heads = 2;
  const auto attention = fresh_attention(sizes, random);
  CHECK(shape_of(*attention.w_q) == Shape{8, 8});
  const auto ffn = fresh_feed_forward(8, random);
  CHECK(shape_of(*ffn.w_1) == Shape{8, 32});
  CHECK(shape_of(*ffn.w_2) == Shape{32, 8});
  // nn.Linear: uniform within 1/√inputs
  for (const double w : ffn.w_1->storage()) CHECK(std::abs(w) <= 1 / std::sqrt(8.0));
  for (const double w : ffn.w_2->storage()) CHECK(std::abs(w) <= 1 / std::sqrt(32.0));
}

TEST_CASE("heads that do not divide the width are refused") {
  TorchGenerator random(0);
  StackSizes sizes;
  sizes.d_model = 10;
  CHECK_THROWS_AS(fresh_attention(sizes, random), UsageError);
}

TEST_CASE("the norm of a tensor is the root of its squares") {
  CHECK(norm_of(Tensor<double>{{3, 0}, {0, 4}}) == 5);
}
