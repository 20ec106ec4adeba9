#include <attn/error.hpp>
#include <attn/inlined.hpp>
#include <attn/ops/blas.hpp>
#include <attn/ops/matmul.hpp>
#include <attn/ops/wide_vectors.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace attn {
namespace {

// As many numbers as fit a register of so many bytes.
template <class T, std::size_t bytes>
struct Wide {
  typedef T Vector __attribute__((vector_size(bytes)));
  static constexpr std::size_t count = sizeof(Vector) / sizeof(T);
};
template <class T>
struct Single {
  typedef T Vector;
  static constexpr std::size_t count = 1;
};

// Some neighbouring columns of a matrix; `stride` numbers on, the next row begins.
template <class T>
struct Strip {
  const T* numbers;
  std::size_t stride;
};

// A block of C, some rows by some vectors of columns, is summed in registers while the inner index runs. Each element
// still receives its terms in the order of the inner index, each product and each sum rounded, so that neither the
// block nor the width of the vectors changes a bit of the result.
template <class Numbers, std::size_t block_rows, std::size_t vectors, class T>
ATTNSCOPE_INLINED void multiply_block(const T* a, const Strip<T>& b, T* c, std::size_t inner, std::size_t columns) {
  using Vector = typename Numbers::Vector;
  Vector sums[block_rows][vectors];
  const auto each_sum = [&](auto&& f) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (std::size_t row = 0; row < block_rows; ++row) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) f(sums[row][v], row, v);
    }
  };
  each_sum([](Vector& sum, std::size_t, std::size_t) { sum = Vector{}; });
  for (std::size_t k = 0; k < inner; ++k) {
    each_sum([&](Vector& sum, std::size_t row, std::size_t v) {
      Vector of_b;
      std::memcpy(&of_b, b.numbers + k * b.stride + v * Numbers::count, sizeof of_b);
      sum += a[row * inner + k] * of_b;
    });
  }
  each_sum([&](const Vector& sum, std::size_t row, std::size_t v) { std::memcpy(c + row * columns + v * Numbers::count, &sum, sizeof sum); });
}

template <class Numbers, std::size_t vectors, class T>
ATTNSCOPE_INLINED void multiply_strip(const T* a, const Strip<T>& b, T* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4) multiply_block<Numbers, 4, vectors>(a + i * inner, b, c + i * columns, inner, columns);
  for (; i < rows; ++i) multiply_block<Numbers, 1, vectors>(a + i * inner, b, c + i * columns, inner, columns);
}

// Where many rows of C pass over a strip of B, it is copied first: side by side its rows stay in the cache.
constexpr std::size_t fewest_rows_for_copy = 16;

// Strips of columns, of which each passes over all rows. The last strip takes columns again that the one before has
// done, where there are not enough left.
template <class Numbers, std::size_t vectors, class T>
ATTNSCOPE_INLINED void multiply_strips(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  constexpr std::size_t width = vectors * Numbers::count;
  const bool copied = rows >= fewest_rows_for_copy && columns > width;
  std::vector<T> copy(copied ? inner * width : 0);
  for (std::size_t done = 0; done < columns; done += width) {
    const std::size_t first = std::min(done, columns - width);
    for (std::size_t k = 0; copied && k < inner; ++k) std::copy_n(b + k * columns + first, width, copy.data() + k * width);
    multiply_strip<Numbers, vectors>(a, copied ? Strip<T>{copy.data(), width} : Strip<T>{b + first, columns}, c + first, rows, inner, columns);
  }
}

template <std::size_t bytes, class T>
ATTNSCOPE_INLINED void multiply_rows(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  using Numbers = Wide<T, bytes>;
  if (columns >= 2 * Numbers::count) return multiply_strips<Numbers, 2>(a, b, c, rows, inner, columns);
  if (columns >= Numbers::count) return multiply_strips<Numbers, 1>(a, b, c, rows, inner, columns);
  multiply_strips<Single<T>, 1>(a, b, c, rows, inner, columns);
}

ATTNSCOPE_WIDE_VECTORS void multiply_by_32_bytes(const float* a, const float* b, float* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  multiply_rows<32>(a, b, c, rows, inner, columns);
}

ATTNSCOPE_WIDE_VECTORS void multiply_by_32_bytes(const double* a, const double* b, double* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  multiply_rows<32>(a, b, c, rows, inner, columns);
}

ATTNSCOPE_WIDEST_VECTORS void multiply_by_64_bytes(const float* a, const float* b, float* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  multiply_rows<64>(a, b, c, rows, inner, columns);
}

ATTNSCOPE_WIDEST_VECTORS void multiply_by_64_bytes(const double* a, const double* b, double* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  multiply_rows<64>(a, b, c, rows, inner, columns);
}

// Few columns fill no register of 64 bytes.
template <class T>
void multiply_in_order(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  if (has_widest_vectors() && columns >= Wide<T, 64>::count) return multiply_by_64_bytes(a, b, c, rows, inner, columns);
  multiply_by_32_bytes(a, b, c, rows, inner, columns);
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

template void multiply(const float*, const float*, float*, std::size_t, std::size_t, std::size_t);
template void multiply(const double*, const double*, double*, std::size_t, std::size_t, std::size_t);
template Tensor<float> matmul(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> matmul(const Tensor<double>&, const Tensor<double>&);

}  // namespace attn
