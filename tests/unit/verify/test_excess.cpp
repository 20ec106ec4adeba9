#include <attn/verify/excess.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

using namespace attn;

namespace {
Tensor<double> row(std::initializer_list<double> values) {
  Tensor<double> tensor = empty<double>({values.size()});
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}
constexpr double inf = std::numeric_limits<double>::infinity();

std::size_t in_place(std::size_t at) { return at; }

std::map<std::size_t, double> listed(const BlockGrid& grid, const Tensor<double>& ours, const Tensor<double>& theirs, std::size_t (*place)(std::size_t)) {
  std::map<std::size_t, double> blocks;
  for (const auto& [block, excess] : worst_blocks(grid, ours, theirs, {0, 0.1, false}, place)) blocks[block] = excess;
  return blocks;
}
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
  // 3 rows of 5 in at most 2 by 2 blocks: blocks of 2 rows and 3 columns, 4 a matrix.
  const Tensor<double> ours = filled<double>({2, 3, 5}, 1.0);
  Tensor<double> theirs = ours;
  theirs(0, 1, 2) = 3;      // first block of the first matrix
  theirs(0, 0, 0) = 1.5;
  theirs(0, 2, 4) = 0;      // its last
  theirs(1, 0, 3) = inf;    // second matrix, first row of blocks, second column
  const BlockGrid grid({2, 3, 5}, 2, 2);
  CHECK(grid.shape() == Shape{2, 2, 2});
  CHECK(grid.rows() == 2);
  CHECK(grid.columns() == 3);
  CHECK(listed(grid, ours, theirs, in_place) == std::map<std::size_t, double>{{0, 2.0}, {3, 1.0}, {5, inf}});
}

TEST_CASE("parts are put where they stand in the whole, also beside each other in one block") {
  // Columns 2 … 3 of the same rows of 5: of blocks of 3 columns, the end of the first and the beginning of the second.
  const BlockGrid grid({2, 3, 5}, 2, 2);
  const Tensor<double> ours = filled<double>({2, 3, 2}, 1.0);
  Tensor<double> theirs = ours;
  theirs(0, 1, 0) = 3;
  theirs(1, 0, 1) = 1.25;
  const auto columns_2_and_3 = [](std::size_t at) { return at / 2 * 5 + 2 + at % 2; };
  CHECK(listed(grid, ours, theirs, columns_2_and_3) == std::map<std::size_t, double>{{0, 2.0}, {5, 0.25}});
}

TEST_CASE("blocks of one cell are the cells") {
  const Tensor<double> ours = row({1, 2, 3}), theirs = row({1, 2.5, 7});
  const BlockGrid grid({3}, 4, 4);
  CHECK(grid.shape() == Shape{3});
  CHECK(listed(grid, ours, theirs, in_place) == std::map<std::size_t, double>{{1, 0.5}, {2, 4.0}});
}
