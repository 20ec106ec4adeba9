// The transpose of a matrix, block by block: rows that lie a power of two apart would push each other out of the cache.
#pragma once

#include <attn/error.hpp>
#include <attn/tensor.hpp>

#include <algorithm>
#include <cstddef>

namespace attn {

/// Writes the transpose of a row-major matrix [rows, columns] to [columns, rows].
template <class T>
void transpose(const T* matrix, T* transposed, std::size_t rows, std::size_t columns) {
  constexpr std::size_t side = 16;
  for (std::size_t i = 0; i < rows; i += side) {
    const std::size_t last_row = std::min(i + side, rows);
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t row = i; row < last_row; ++row) transposed[column * rows + row] = matrix[row * columns + column];
    }
  }
}

/// The transpose of a matrix. Throws ShapeError if it is none.
template <class T>
Tensor<T> transposed(const Tensor<T>& matrix) {
  if (matrix.dimension() != 2) throw ShapeError("transpose", "expected a matrix, found shape " + to_string(shape_of(matrix)));
  Tensor<T> result = empty<T>({matrix.shape(1), matrix.shape(0)});
  transpose(matrix.data(), result.data(), matrix.shape(0), matrix.shape(1));
  return result;
}

}  // namespace attn
