#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/blas.hpp>
#include <attn/ops/matmul.hpp>

#include <doctest/doctest.h>

using namespace attn;

TEST_CASE("a product is the sum of products, here by hand") {
  // [1 2; 3 4]·[5 6; 7 8] = [1·5+2·7, 1·6+2·8; 3·5+4·7, 3·6+4·8] = [19 22; 43 50]
  const Tensor<double> a = {{1, 2}, {3, 4}}, b = {{5, 6}, {7, 8}};
  const Tensor<double> c = matmul(a, b);
  CHECK(c(0, 0) == 19);
  CHECK(c(0, 1) == 22);
  CHECK(c(1, 0) == 43);
  CHECK(c(1, 1) == 50);
}

TEST_CASE("terms are added in order: small ones are lost behind a large one, as the order says") {
  // In float64, (1 + 1e-16) - 1 = 0 and (1 - 1) + 1e-16 = 1e-16: only the stated order gives these.
  const Tensor<double> ones = filled<double>({3, 1}, 1.0);
  const Tensor<double> small_second = {{1.0, 1e-16, -1.0}}, small_last = {{1.0, -1.0, 1e-16}};
  CHECK(matmul(small_second, ones)(0, 0) == 0.0);
  CHECK(matmul(small_last, ones)(0, 0) == 1e-16);
}

TEST_CASE("whatever the sizes, every element is the sum of its products in order, bit for bit") {
  const std::size_t inner = 21;
  for (const std::size_t rows : {1, 3, 4, 5, 15, 16, 19}) {
    for (const std::size_t columns : {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 37, 45}) {
      const auto a = naive::numbers<double>({rows, inner}, 7), b = naive::numbers<double>({inner, columns}, 8);
      const auto a32 = naive::numbers<float>({rows, inner}, 7), b32 = naive::numbers<float>({inner, columns}, 8);
      const Tensor<double> product = matmul(a, b);
      const Tensor<float> product32 = matmul(a32, b32);
      bool same = true;
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
          double sum = 0;
          float sum32 = 0;
          for (std::size_t k = 0; k < inner; ++k) {
            sum += a(i, k) * b(k, j);
            sum32 += a32(i, k) * b32(k, j);
          }
          same = same && product(i, j) == sum && product32(i, j) == sum32;
        }
      }
      CAPTURE(rows);
      CAPTURE(columns);
      CHECK(same);
    }
  }
}

TEST_CASE("leading axes are kept, and an empty sum is zero") {
  CHECK(shape_of(matmul(naive::numbers<float>({2, 3, 4}, 1), naive::numbers<float>({4, 5}, 2))) == Shape{2, 3, 5});
  const Tensor<double> product = matmul(empty<double>({2, 0}), empty<double>({0, 3}));
  CHECK(shape_of(product) == Shape{2, 3});
  for (const double value : product.storage()) CHECK(value == 0);
}

TEST_CASE("inner sizes that differ are refused with both shapes") {
  CHECK_THROWS_WITH_AS(matmul(empty<double>({2, 3}), empty<double>({4, 5})),
                       "product: the last axis of (2, 3) and the first of (4, 5) must be equal", ShapeError);
}

TEST_CASE("BLAS gives the same product as the sum in order, to rounding") {
  const std::size_t m = 7, n = 5, inner = 33;
  const auto a = naive::numbers<double>({m, inner}, 3), b = naive::numbers<double>({inner, n}, 4);
  Tensor<double> by_blas = empty<double>({m, n}), in_order = empty<double>({m, n});
  blas_multiply(a.data(), b.data(), by_blas.data(), m, inner, n);
  multiply(a.data(), b.data(), in_order.data(), m, inner, n);
  // |terms| < 1, 33 of them: rounding is below 33 · 33 · 2^-53 < 2e-13.
  for (std::size_t i = 0; i < m * n; ++i) CHECK(std::abs(by_blas.data()[i] - in_order.data()[i]) < 2e-13);
}

TEST_CASE("a product beyond the threshold goes to BLAS and is right in every corner") {
  const std::size_t m = 300, inner = 350, n = 330;
  REQUIRE(m * inner * n >= blas_threshold);
  const auto a = naive::numbers<float>({m, inner}, 5), b = naive::numbers<float>({inner, n}, 6);
  const Tensor<float> c = matmul(a, b);
  for (const std::size_t i : {std::size_t{0}, std::size_t{17}, m - 1}) {
    for (const std::size_t j : {std::size_t{0}, std::size_t{101}, n - 1}) {
      long double sum = 0;
      for (std::size_t k = 0; k < inner; ++k) sum += naive::at(a, {i, k}) * naive::at(b, {k, j});
      CHECK(std::abs(static_cast<long double>(c(i, j)) - sum) < 1e-3L);
    }
  }
}
