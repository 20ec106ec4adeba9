#include <attn/verify/excess.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {
namespace {

double excess_of_cell(double ours, double theirs, const Tolerance& tolerance) {
  const double difference = std::abs(ours - theirs);
  if (ours == theirs || (std::isnan(ours) && std::isnan(theirs))) return 0;
  if (!std::isfinite(difference)) return std::numeric_limits<double>::infinity();
  return difference > tolerance.atol + tolerance.rtol * std::abs(ours) ? difference : 0;
}

std::size_t divided_up(std::size_t cells, std::size_t parts) { return (cells + parts - 1) / parts; }

}  // namespace

Tensor<double> excess(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance) {
  Tensor<double> result = filled<double>(shape_of(ours), 0.0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result.data()[i] = excess_of_cell(ours.data()[i], theirs.data()[i], tolerance);
  }
  return result;
}

BlockGrid::BlockGrid(Shape whole, std::size_t most_rows, std::size_t most_columns)
    : matrix_rows_(whole.size() > 1 ? whole[whole.size() - 2] : 1),
      matrix_columns_(whole.back()),
      rows_(std::max<std::size_t>(divided_up(matrix_rows_, most_rows), 1)),
      columns_(std::max<std::size_t>(divided_up(matrix_columns_, most_columns), 1)),
      across_(divided_up(matrix_columns_, columns_)),
      blocks_of_matrix_(divided_up(matrix_rows_, rows_) * across_),
      shape_(std::move(whole)) {
  shape_.back() = across_;
  if (shape_.size() > 1) shape_[shape_.size() - 2] = divided_up(matrix_rows_, rows_);
}

std::size_t BlockGrid::block_of(std::size_t position) const {
  const std::size_t line = position / matrix_columns_, column = position % matrix_columns_;
  return line / matrix_rows_ * blocks_of_matrix_ + line % matrix_rows_ / rows_ * across_ + column / columns_;
}

std::vector<BlockWorst> worst_blocks(const BlockGrid& grid, const Tensor<double>& ours, const TensorView& theirs,
                                     const Tolerance& tolerance, const std::function<std::size_t(std::size_t)>& place) {
  std::vector<BlockWorst> blocks;
  // Of the matrix that the last row belongs to.
  std::vector<double> worst(grid.blocks_of_matrix(), 0.0);
  std::size_t first_block = 0;
  const auto list = [&]() {
    for (std::size_t block = 0; block < worst.size(); ++block) {
      if (worst[block] > 0) blocks.push_back({first_block + block, worst[block]});
      worst[block] = 0;
    }
  };
  const std::size_t columns = ours.dimension() == 0 ? 1 : ours.shape().back();
  for (std::size_t row = 0; row < ours.size(); row += columns) {
    const std::size_t start = place(row), block = grid.block_of(start), matrix = block / grid.blocks_of_matrix() * grid.blocks_of_matrix();
    if (matrix != first_block) list();
    first_block = matrix;
    for (std::size_t i = 0, b = block - matrix, left = grid.left_in_block(start); i < columns; ++i, --left) {
      if (left == 0) {
        left = grid.columns();
        ++b;
      }
      worst[b] = std::max(worst[b], excess_of_cell(ours.data()[row + i], theirs[row + i], tolerance));
    }
  }
  list();
  return blocks;
}

}  // namespace attn
