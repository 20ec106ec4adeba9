#include <attn/transpose.hpp>

#include <doctest/doctest.h>

using namespace attn;

TEST_CASE("a transpose exchanges rows and columns and refuses what is no matrix") {
  const Tensor<float> t = transposed(Tensor<float>{{1, 2, 3}, {4, 5, 6}});
  CHECK(shape_of(t) == Shape{3, 2});
  CHECK(t(2, 0) == 3);
  CHECK(t(0, 1) == 4);
  CHECK_THROWS_AS(transposed(empty<float>({2, 3, 4})), ShapeError);
}

TEST_CASE("a matrix of more than one block, and of no whole number of them, is transposed") {
  Tensor<double> matrix = empty<double>({35, 18});
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = static_cast<double>(i);
  const Tensor<double> t = transposed(matrix);
  REQUIRE(shape_of(t) == Shape{18, 35});
  for (std::size_t i = 0; i < 35; ++i) {
    for (std::size_t j = 0; j < 18; ++j) CHECK(t(j, i) == static_cast<double>(i * 18 + j));
  }
  CHECK(transposed(empty<double>({0, 3})).size() == 0);
}
