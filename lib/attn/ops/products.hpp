// Which routine computes a product of matrices, for operations that are measured as well as explained.
#pragma once

#include <attn/ops/blas.hpp>
#include <attn/ops/matmul.hpp>

#include <cstddef>

namespace attn {

enum class Products {
  by_size,  ///< in order when small, by BLAS when large: see `multiply`
  blas,     ///< by BLAS whatever the size, and tanh by tanh_each: so that times of different sizes can be compared
};

/// C = A·B for contiguous row-major matrices: A [rows, inner], B [inner, columns], C [rows, columns].
template <class T>
void multiply(Products products, const T* a, const T* b, T* c, std::size_t rows, std::size_t inner,
              std::size_t columns) {
  if (products == Products::blas) {
    blas_multiply(a, b, c, rows, inner, columns);
  } else {
    multiply(a, b, c, rows, inner, columns);
  }
}

}  // namespace attn
