#include <attn/error.hpp>
#include <attn/ops/blas.hpp>
#include <attn/ops/matmul.hpp>

#include <algorithm>

namespace attn {
namespace {

// Row by row of B, so that the inner loop runs along memory and the compiler may work on several
// columns at once; each element of C still receives its terms in the order of the inner index.
template <class T>
void multiply_in_order(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner,
                       std::size_t columns) {
  std::fill(c, c + rows * columns, T{0});
  for (std::size_t i = 0; i < rows; ++i) {
    T* c_row = c + i * columns;
    for (std::size_t k = 0; k < inner; ++k) {
      const T a_ik = a[i * inner + k];
      const T* b_row = b + k * columns;
      for (std::size_t j = 0; j < columns; ++j) c_row[j] += a_ik * b_row[j];
    }
  }
}

// Whether rows·inner·columns reaches the threshold, without overflow.
bool worth_blas(std::size_t rows, std::size_t inner, std::size_t columns) {
  const std::optional<std::size_t> products = element_count({rows, inner, columns});
  return !products || *products >= blas_threshold;
}

}  // namespace

template <class T>
void multiply(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  if (worth_blas(rows, inner, columns)) {
    blas_multiply(a, b, c, rows, inner, columns);
  } else {
    multiply_in_order(a, b, c, rows, inner, columns);
  }
}

template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b) {
  Shape shape = shape_of(a);
  const std::size_t inner = shape.empty() ? 0 : shape.back();
  if (b.dimension() != 2 || shape.empty() || b.shape(0) != inner) {
    throw ShapeError("product", "the last axis of " + to_string(shape) + " and the first of " +
                                    to_string(shape_of(b)) + " must be equal");
  }
  const std::size_t columns = b.shape(1);
  shape.back() = columns;
  Tensor<T> product = empty<T>(shape);
  // Counted from the shape, not as a.size() / inner: with inner = 0 there are still rows to fill.
  shape.pop_back();
  const std::size_t rows = *element_count(shape);
  multiply(a.data(), b.data(), product.data(), rows, inner, columns);
  return product;
}

template <class T>
void transpose(const T* matrix, T* result, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = matrix[i * columns + j];
  }
}

template <class T>
Tensor<T> transposed(const Tensor<T>& matrix) {
  if (matrix.dimension() != 2) throw ShapeError("transpose", "expected a matrix, found shape " + to_string(shape_of(matrix)));
  Tensor<T> result = empty<T>({matrix.shape(1), matrix.shape(0)});
  transpose(matrix.data(), result.data(), matrix.shape(0), matrix.shape(1));
  return result;
}

template void multiply(const float*, const float*, float*, std::size_t, std::size_t, std::size_t);
template void multiply(const double*, const double*, double*, std::size_t, std::size_t, std::size_t);
template Tensor<float> matmul(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> matmul(const Tensor<double>&, const Tensor<double>&);
template void transpose(const float*, float*, std::size_t, std::size_t);
template void transpose(const double*, double*, std::size_t, std::size_t);
template Tensor<float> transposed(const Tensor<float>&);
template Tensor<double> transposed(const Tensor<double>&);

}  // namespace attn
