#include <attn/error.hpp>
#include <attn/ops/blas.hpp>
#include <attn/ops/matmul.hpp>
#include <attn/ops/wide_vectors.hpp>

namespace attn {
namespace {

// A strip of columns is summed in registers while the inner index runs; the compiler works on several columns
// at once. Each element of C still receives its terms in the order of the inner index, each product and each
// sum rounded, so that neither the strip nor the width of the vectors changes a bit of the result.
template <std::size_t strip, class T>
inline __attribute__((always_inline)) std::size_t multiply_strips(const T* a_row, const T* b, T* c_row, std::size_t inner,
                                                                  std::size_t columns, std::size_t first) {
  for (; first + strip <= columns; first += strip) {
    T sums[strip] = {};
    for (std::size_t k = 0; k < inner; ++k) {
      const T* b_row = b + k * columns + first;
      for (std::size_t j = 0; j < strip; ++j) sums[j] += a_row[k] * b_row[j];
    }
    for (std::size_t j = 0; j < strip; ++j) c_row[first + j] = sums[j];
  }
  return first;
}

template <class T>
inline __attribute__((always_inline)) void multiply_rows(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner,
                                                         std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i) {
    std::size_t done = multiply_strips<32>(a + i * inner, b, c + i * columns, inner, columns, 0);
    done = multiply_strips<8>(a + i * inner, b, c + i * columns, inner, columns, done);
    multiply_strips<1>(a + i * inner, b, c + i * columns, inner, columns, done);
  }
}

ATTNSCOPE_WIDE_VECTORS void multiply_in_order(const float* a, const float* b, float* c, std::size_t rows, std::size_t inner,
                                              std::size_t columns) {
  multiply_rows(a, b, c, rows, inner, columns);
}

ATTNSCOPE_WIDE_VECTORS void multiply_in_order(const double* a, const double* b, double* c, std::size_t rows, std::size_t inner,
                                              std::size_t columns) {
  multiply_rows(a, b, c, rows, inner, columns);
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
