#include <attn/verify/excess.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {
Tensor<double> row(std::initializer_list<double> values) {
  Tensor<double> tensor = empty<double>({values.size()});
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}
constexpr double inf = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("a cell within the tolerance has no excess, another has its whole difference") {
  // 1 % of 100 is 1: 101 passes; 102.5 is off by 2.5. At 0 only atol counts.
  const Tensor<double> map = excess(row({100, 100, 0, 0}), row({101, 102.5, 0.25, 0.75}), {0.01, 0.5, false});
  CHECK(map(0) == 0);
  CHECK(map(1) == 2.5);
  CHECK(map(2) == 0);
  CHECK(map(3) == 0.75);
}

TEST_CASE("NaN or an infinity on one side only cannot be subtracted, on both sides it is no difference") {
  const double nan = std::nan("");
  const Tensor<double> map = excess(row({nan, nan, 1, inf, -inf, inf}), row({nan, 1, nan, inf, inf, 3}), {0, 0, false});
  CHECK(map(0) == 0);
  CHECK(map(1) == inf);
  CHECK(map(2) == inf);
  CHECK(map(3) == 0);
  CHECK(map(4) == inf);
  CHECK(map(5) == inf);
}

TEST_CASE("a block has the worst of its cells, and the last blocks what is left") {
  // 3 rows of 5 in at most 2 by 2 blocks: blocks of 2 rows and 3 columns.
  const Tensor<double> ours = filled<double>({2, 3, 5}, 1.0);
  Tensor<double> theirs = ours;
  theirs(0, 1, 2) = 3;      // first block of the first matrix
  theirs(0, 0, 0) = 1.5;
  theirs(0, 2, 4) = 0;      // its last
  theirs(1, 0, 3) = inf;    // second matrix, first row of blocks, second column
  const BlockExcess blocks = block_excess(ours, theirs, {0, 0.1, false}, 2, 2);
  CHECK(shape_of(blocks.worst) == Shape{2, 2, 2});
  CHECK(blocks.rows == 2);
  CHECK(blocks.columns == 3);
  const double expected[] = {2, 0, 0, 1, 0, inf, 0, 0};
  for (std::size_t i = 0; i < 8; ++i) CHECK(blocks.worst.data()[i] == expected[i]);
}

TEST_CASE("blocks of one cell are the cells") {
  const Tensor<double> ours = row({1, 2, 3}), theirs = row({1, 2.5, 7});
  const BlockExcess blocks = block_excess(ours, theirs, {0, 0, false}, 4, 4);
  CHECK(blocks.worst == excess(ours, theirs, {0, 0, false}));
  CHECK(blocks.rows * blocks.columns == 1);
}
