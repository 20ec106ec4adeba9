// How far every cell of somebody's tensor is off: what a map of the differences is drawn from.
#pragma once

#include <attn/verify/compare.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace attn {

/// 0 where a cell passes, else |ours − theirs|; infinity where NaN or an infinity stands on one side only. Two
/// NaN pass, whatever the tolerance says of them. Shapes must be equal.
Tensor<double> excess(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance);

/// A map of a large tensor: one cell for each block of its last two axes. The tensor has one axis at least.
class BlockGrid {
 public:
  /// At most `most_rows` by `most_columns` blocks a matrix.
  BlockGrid(Shape whole, std::size_t most_rows, std::size_t most_columns);

  std::size_t rows() const { return rows_; }        ///< of a block; the last of an axis may have fewer
  std::size_t columns() const { return columns_; }  ///< of a block
  const Shape& shape() const { return shape_; }     ///< of the map: as many axes as the tensor has

  /// The block that a row-major position of the tensor lies in, row-major in the map.
  std::size_t block_of(std::size_t position) const;
  std::size_t blocks_of_matrix() const { return blocks_of_matrix_; }

  /// How many cells from this position on lie in its block before the next block of the row begins.
  std::size_t left_in_block(std::size_t position) const { return columns_ - position % matrix_columns_ % columns_; }

 private:
  std::size_t matrix_rows_, matrix_columns_, rows_, columns_, across_, blocks_of_matrix_;
  Shape shape_;
};

/// The worst excess in a block; blocks with none are left out of a list.
struct BlockWorst {
  std::size_t block;
  double excess;
};

/// The blocks that cells of a part lie in. `place` gives the position in the whole of the first cell of a row of the
/// part; the others follow it there. Shapes must be equal.
std::vector<BlockWorst> worst_blocks(const BlockGrid& grid, const Tensor<double>& ours, const TensorView& theirs,
                                     const Tolerance& tolerance, const std::function<std::size_t(std::size_t)>& place);

}  // namespace attn
