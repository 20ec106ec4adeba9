#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/heads.hpp>

#include <doctest/doctest.h>

using namespace attn;

TEST_CASE("split exchanges positions and heads; reading the flat data as (B, H, L, D) would not") {
  // One sample, L = 2, H = 2, D = 2. Row 0 is 0 1 2 3: head 0 gets 0 1, head 1 gets 2 3.
  const Tensor<double> projected = {{{0, 1, 2, 3}, {4, 5, 6, 7}}};
  const Tensor<double> split = split_heads(projected, 2);
  CHECK(shape_of(split) == Shape{1, 2, 2, 2});
  CHECK(split(0, 0, 0, 0) == 0);
  CHECK(split(0, 0, 1, 0) == 4);  // head 0, position 1; a plain reshape has 2 here
  CHECK(split(0, 1, 0, 1) == 3);
  CHECK(split(0, 1, 1, 1) == 7);
}

TEST_CASE("merge undoes split for every shape") {
  for (const Shape& shape : {Shape{1, 1, 6}, Shape{2, 5, 12}, Shape{3, 4, 6}}) {
    const auto x = naive::numbers<float>(shape, 9);
    for (const std::size_t heads : {1, 2, 3, 6}) CHECK(merge_heads(split_heads(x, heads)) == x);
  }
}

TEST_CASE("a width that the heads do not divide is refused with both numbers") {
  CHECK_THROWS_WITH_AS(split_heads(empty<double>({1, 2, 10}), 4),
                       "split into heads: width 10 is not a multiple of 4 heads", ShapeError);
  CHECK_THROWS_AS(split_heads(empty<double>({2, 10}), 2), ShapeError);
  CHECK_THROWS_AS(split_heads(empty<double>({1, 2, 10}), 0), ShapeError);
}

TEST_CASE("a cache comes before the new keys, in every sample and head") {
  const auto past = naive::numbers<double>({2, 3, 4, 5}, 1), now = naive::numbers<double>({2, 3, 2, 5}, 2);
  const Tensor<double> all = concatenate_keys(past, now);
  CHECK(shape_of(all) == Shape{2, 3, 6, 5});
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t h = 0; h < 3; ++h) {
      for (std::size_t j = 0; j < 6; ++j) {
        for (std::size_t d = 0; d < 5; ++d) {
          CHECK(all(b, h, j, d) == (j < 4 ? past(b, h, j, d) : now(b, h, j - 4, d)));
        }
      }
    }
  }
  CHECK_THROWS_AS(concatenate_keys(past, empty<double>({2, 3, 2, 4})), ShapeError);
  CHECK_THROWS_AS(concatenate_keys(past, empty<double>({1, 3, 2, 5})), ShapeError);
}
