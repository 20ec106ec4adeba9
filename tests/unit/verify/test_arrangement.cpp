#include "naive.hpp"

#include <attn/verify/arrangement.hpp>

#include <doctest/doctest.h>

using namespace attn;

namespace {

// Their mask as ours [2, 3, 4, 5]; empty where its shape does not fit.
std::optional<Tensor<double>> as_mask(const Tensor<double>& theirs, const Shape& ours = {2, 3, 4, 5}) {
  const auto found = arrangement_of_mask(shape_of(theirs), ours);
  if (!found) return std::nullopt;
  return arranged(theirs, ours, found->change).in<double>();
}

}  // namespace

TEST_CASE("rows of all matrices, one below the other, are put where they stand") {
  const Tensor<double> theirs = naive::numbers<double>({24, 5}, 1);
  const auto found = arrangement({24, 5}, {2, 3, 4, 5}, AxisOrder::ours);
  REQUIRE(found);
  const Tensor<double> ours = arranged(theirs, {2, 3, 4, 5}, found->change).in<double>();
  CHECK(ours(1, 2, 3, 4) == theirs(23, 4));
  CHECK(ours(0, 1, 2, 0) == theirs(6, 0));
  CHECK_FALSE(arrangement({23, 5}, {2, 3, 4, 5}, AxisOrder::ours));
  CHECK_FALSE(arrangement({24, 4}, {2, 3, 4, 5}, AxisOrder::ours));
  CHECK_FALSE(arrangement({5, 24}, {2, 3, 4, 5}, AxisOrder::ours));
}

TEST_CASE("a mask may be the same for all samples, or for all heads") {
  const Tensor<double> matrix = naive::numbers<double>({4, 5}, 1), of_samples = naive::numbers<double>({2, 4, 5}, 2);
  const Tensor<double> with_one = naive::numbers<double>({2, 1, 4, 5}, 3), of_heads = naive::numbers<double>({1, 3, 4, 5}, 4);
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t h = 0; h < 3; ++h) {
      CHECK((*as_mask(matrix))(b, h, 3, 1) == matrix(3, 1));
      CHECK((*as_mask(of_samples))(b, h, 3, 1) == of_samples(b, 3, 1));
      CHECK((*as_mask(with_one))(b, h, 3, 1) == with_one(b, 0, 3, 1));
      CHECK((*as_mask(of_heads))(b, h, 3, 1) == of_heads(0, h, 3, 1));
    }
  }
  CHECK((*as_mask(naive::numbers<double>({3, 4, 5}, 5)))(1, 2, 3, 1) == naive::numbers<double>({3, 4, 5}, 5)(2, 3, 1));
}

TEST_CASE("with as many heads as samples a mask of three axes is of heads, as --mask has it") {
  const Tensor<double> theirs = naive::numbers<double>({2, 4, 5}, 1);
  const Tensor<double> ours = *as_mask(theirs, {2, 2, 4, 5});
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t h = 0; h < 2; ++h) CHECK(ours(b, h, 1, 2) == theirs(h, 1, 2));
  }
}

TEST_CASE("a mask of other queries or keys does not fit") {
  for (const Shape& shape : {Shape{5, 4}, Shape{4}, Shape{3, 5}, Shape{2, 2, 4, 5}, Shape{4, 4, 5}}) CHECK_FALSE(as_mask(naive::numbers<double>(shape, 1)));
}
