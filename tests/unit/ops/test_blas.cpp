#include "naive.hpp"

#include <attn/ops/blas.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace attn;

namespace {

// The largest |c − a·b| over the cells, with the sums in long double.
template <class T>
long double largest_error(std::size_t rows, std::size_t inner, std::size_t columns) {
  const Tensor<T> a = naive::numbers<T>({rows, inner}, 1), b = naive::numbers<T>({inner, columns}, 2);
  Tensor<T> c = filled<T>({rows, columns}, T{7});  // what was there must not matter
  blas_multiply(a.data(), b.data(), c.data(), rows, inner, columns);
  long double worst = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      long double sum = 0;
      for (std::size_t k = 0; k < inner; ++k) sum += naive::at(a, {i, k}) * naive::at(b, {k, j});
      worst = std::max(worst, std::abs(sum - naive::at(c, {i, j})));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("a product by BLAS is that of plain loops, for every shape of matrices") {
  // n terms below 1 in magnitude: an error of at most about n·ulp(n)
  CHECK(largest_error<double>(3, 4, 5) < 1e-15L * 16);
  CHECK(largest_error<double>(17, 33, 9) < 1e-15L * 33 * 33);
  CHECK(largest_error<double>(1, 64, 1) < 1e-15L * 64 * 64);
  CHECK(largest_error<double>(64, 1, 64) < 1e-15L);
  CHECK(largest_error<double>(1, 5, 7) < 1e-15L * 25);
  CHECK(largest_error<double>(7, 5, 1) < 1e-15L * 25);
  CHECK(largest_error<float>(17, 33, 9) < 1e-6L * 33 * 33);
}

TEST_CASE("rows and columns are not exchanged") {
  const double a[] = {1, 2, 3, 4, 5, 6};     // 2×3
  const double b[] = {1, 0, 0, 1, 10, 100};  // 3×2
  double c[4] = {};
  blas_multiply(a, b, c, 2, 3, 2);
  CHECK(c[0] == 31);   // 1·1 + 2·0 + 3·10
  CHECK(c[1] == 302);  // 1·0 + 2·1 + 3·100
  CHECK(c[2] == 64);   // 4 + 6·10
  CHECK(c[3] == 605);  // 5 + 6·100
}

TEST_CASE("the same product twice gives the same bits") {
  const Tensor<float> a = naive::numbers<float>({40, 50}, 1), b = naive::numbers<float>({50, 30}, 2);
  Tensor<float> first = empty<float>({40, 30}), second = empty<float>({40, 30});
  blas_multiply(a.data(), b.data(), first.data(), 40, 50, 30);
  blas_multiply(a.data(), b.data(), second.data(), 40, 50, 30);
  CHECK(first == second);
}
