#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/dot_product.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("the output has the rank of the inputs") {
  const auto rank2 = dot_product_attention<double>(naive::numbers<double>({3, 4}, 1), naive::numbers<double>({5, 4}, 2),
                                                   naive::numbers<double>({5, 6}, 3), 1, 1, {});
  CHECK(shape_of(rank2.output) == Shape{3, 6});
  const auto rank3 = dot_product_attention<double>(naive::numbers<double>({2, 3, 8}, 1), naive::numbers<double>({2, 5, 4}, 2),
                                                   naive::numbers<double>({2, 5, 6}, 3), 4, 2, {});
  CHECK(shape_of(rank3.attention.q) == Shape{2, 4, 3, 2});
  CHECK(shape_of(rank3.attention.v) == Shape{2, 2, 5, 3});
  CHECK(shape_of(rank3.output) == Shape{2, 3, 12});
  const auto rank4 = dot_product_attention<double>(naive::numbers<double>({2, 2, 3, 4}, 1), naive::numbers<double>({2, 1, 5, 4}, 2),
                                                   naive::numbers<double>({2, 1, 5, 6}, 3), 1, 1, {});
  CHECK(shape_of(rank4.output) == Shape{2, 2, 3, 6});
}

TEST_CASE("rank 3 with heads is rank 4 after the split: the same numbers in another order") {
  const auto q = naive::numbers<double>({1, 3, 4}, 1), k = naive::numbers<double>({1, 5, 4}, 2);
  const auto merged = dot_product_attention<double>(q, k, k, 2, 2, {});
  for (std::size_t h = 0; h < 2; ++h) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t d = 0; d < 2; ++d) CHECK(merged.output(0, i, h * 2 + d) == merged.attention.heads(0, h, i, d));
    }
  }
}

TEST_CASE("an all-equal key gives equal weights and the mean of the values, by hand") {
  // q·k is the same for both keys, so each weight is 1/2 and the output is (1+3)/2, (2+6)/2.
  const Tensor<double> q = {{1, 1}}, k = {{1, 0}, {0, 1}}, v = {{1, 2}, {3, 6}};
  const auto steps = dot_product_attention<double>(q, k, v, 1, 1, {});
  CHECK(steps.output == Tensor<double>{{2.0, 4.0}});
}

TEST_CASE("mixed ranks are refused") {
  CHECK_THROWS_AS(dot_product_attention<double>(empty<double>({3, 4}), empty<double>({1, 5, 4}), empty<double>({5, 4}), 1, 1, {}), ShapeError);
  CHECK_THROWS_AS(dot_product_attention<double>(empty<double>({4}), empty<double>({4}), empty<double>({4}), 1, 1, {}), ShapeError);
  CHECK_THROWS_AS(dot_product_attention<double>(empty<double>({1, 3, 5}), empty<double>({1, 3, 5}), empty<double>({1, 3, 5}), 2, 2, {}), ShapeError);
}

TEST_CASE("the fused output has the rank of the inputs and agrees with the steps' output") {
  for (const Shape& shape : {Shape{7, 6}, Shape{2, 7, 6}, Shape{2, 3, 7, 6}}) {
    const auto q = naive::numbers<double>(shape, 1), k = naive::numbers<double>(shape, 2), v = naive::numbers<double>(shape, 3);
    const std::size_t heads = shape.size() == 3 ? 3 : 1;
    AttentionOptions<double> options;
    options.mask.causal = true;
    const Tensor<double> output = fused_dot_product_attention(q, k, v, heads, heads, options);
    const Tensor<double> expected = dot_product_attention(q, k, v, heads, heads, options).output;
    REQUIRE(shape_of(output) == shape_of(expected));
    for (std::size_t i = 0; i < output.size(); ++i) CHECK(std::abs(output.data()[i] - expected.data()[i]) <= 1e-14);
  }
}
