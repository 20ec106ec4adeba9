// Matrix products. Small ones are summed strictly in order, so that a printed sum of products is the
// number that was computed, on every CPU; large ones go to BLAS through xtensor-blas.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>

namespace attn {

/// A product of at least this many multiplications is given to BLAS, whose order of summation differs
/// by CPU; below, terms are added one after the other, from the first to the last, each product and
/// each sum rounded to T.
constexpr std::size_t blas_threshold = std::size_t{1} << 25;

/// C = A·B for contiguous row-major matrices: A [rows, inner], B [inner, columns], C [rows, columns].
/// An empty sum (inner = 0) is zero. C must not overlap A or B.
template <class T>
void multiply(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner, std::size_t columns);

/// a [..., M, K] times b [K, N] gives [..., M, N]: a linear map applied to every row.
/// Throws ShapeError if the inner sizes differ.
template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b);

}  // namespace attn
