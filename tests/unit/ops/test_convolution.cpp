#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/convolution.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace attn;

namespace {

Tensor<double> tensor(const Shape& shape, const std::vector<double>& values) {
  Tensor<double> result = empty<double>(shape);
  std::copy(values.begin(), values.end(), result.data());
  return result;
}

}  // namespace

TEST_CASE("each output sums its taps by hand, with zeros before the first position") {
  // x = 1, 2, 3, 4; taps 10 (here), 1 (one before): 10, 21, 32, 43; with dilation 2: 10, 20, 31, 42.
  const Tensor<double> x = tensor({4, 1}, {1, 2, 3, 4}), kernel = tensor({2, 1, 1}, {10, 1});
  CHECK(convolution(x, kernel).output == tensor({4, 1}, {10, 21, 32, 43}));
  CHECK(convolution(x, kernel, 2).output == tensor({4, 1}, {10, 20, 31, 42}));
  CHECK(convolution(x, kernel, 9).output == tensor({4, 1}, {10, 20, 30, 40}));
  CHECK(convolution(x, kernel).patches == tensor({4, 2}, {1, 0, 2, 1, 3, 2, 4, 3}));
}

TEST_CASE("BLAS gives the same numbers to rounding") {
  const Tensor<double> x = naive::numbers<double>({9, 5}, 1), kernel = naive::numbers<double>({3, 5, 4}, 2);
  const Tensor<double> ours = convolution(x, kernel).output, theirs = convolution(x, kernel, 1, Products::blas).output;
  for (std::size_t i = 0; i < ours.size(); ++i) CHECK(std::abs(ours.data()[i] - theirs.data()[i]) < 1e-13);
}

TEST_CASE("shapes that do not fit and a dilation of zero are refused") {
  const Tensor<double> x = empty<double>({4, 2});
  CHECK_THROWS_WITH_AS(convolution(x, empty<double>({3, 5, 2})),
                       "convolution: x (4, 2) and kernel (3, 5, 2) must be (L, E) and (K, E, F), with a dilation of at least "
                       "1, found 1",
                       ShapeError);
  CHECK_THROWS_AS(convolution(x, empty<double>({3, 2})), ShapeError);
  CHECK_THROWS_AS(convolution(x, empty<double>({3, 2, 2}), 0), ShapeError);
  CHECK(convolution(empty<double>({0, 2}), empty<double>({3, 2, 2})).output.size() == 0);
}
