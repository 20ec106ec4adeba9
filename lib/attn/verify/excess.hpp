// How far every cell of somebody's tensor is off: what a map of the differences is drawn from.
#pragma once

#include <attn/verify/compare.hpp>

#include <cstddef>

namespace attn {

/// 0 where a cell passes, else |ours − theirs|; infinity where NaN or an infinity stands on one side only. Two
/// NaN pass, whatever the tolerance says of them. Shapes must be equal.
Tensor<double> excess(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance);

/// The same of a large tensor, with one cell for each block of its last two axes: the worst in it.
struct BlockExcess {
  Tensor<double> worst;  ///< as many axes as the tensor
  std::size_t rows = 1, columns = 1;  ///< of a block; the last ones of an axis may have fewer
};

/// At most `most_rows` by `most_columns` blocks a matrix. Shapes must be equal, with one axis at least.
BlockExcess block_excess(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance,
                         std::size_t most_rows, std::size_t most_columns);

}  // namespace attn
