#include <attn/error.hpp>
#include <attn/ops/linear_attention.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

namespace {

Tensor<double> numbers(const Shape& shape, double step) {
  Tensor<double> tensor = empty<double>(shape);
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = std::sin(step * static_cast<double>(i + 1));
  return tensor;
}

double feature(double x) { return x > 0 ? x + 1 : std::exp(x); }

}  // namespace

TEST_CASE("every output is the mean of the values, weighted by the products of features") {
  const Tensor<double> q = numbers({3, 4}, 0.7), k = numbers({5, 4}, 1.3), v = numbers({5, 2}, 0.9);
  for (const Products products : {Products::by_size, Products::blas}) {
    const auto steps = linear_attention(q, k, v, products);
    for (std::size_t i = 0; i < 3; ++i) {
      double total = 0, mixed[2] = {0, 0};
      for (std::size_t j = 0; j < 5; ++j) {
        double weight = 0;
        for (std::size_t a = 0; a < 4; ++a) weight += feature(q(i, a)) * feature(k(j, a));
        total += weight;
        for (std::size_t b = 0; b < 2; ++b) mixed[b] += weight * v(j, b);
      }
      for (std::size_t b = 0; b < 2; ++b) CHECK(std::abs(steps.output(i, b) - mixed[b] / total) < 1e-12);
    }
  }
}

TEST_CASE("one key gives its value to every query") {
  const Tensor<double> v = numbers({1, 3}, 0.4);
  const auto steps = linear_attention(numbers({2, 2}, 0.3), numbers({1, 2}, 0.8), v);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t b = 0; b < 3; ++b) CHECK(std::abs(steps.output(i, b) - v(0, b)) < 1e-15);
  }
}

TEST_CASE("shapes that do not fit are refused, and no keys give 0/0") {
  CHECK_THROWS_AS(linear_attention(numbers({2, 3}, 1), numbers({2, 4}, 1), numbers({2, 1}, 1)), ShapeError);
  CHECK_THROWS_AS(linear_attention(numbers({2, 3}, 1), numbers({2, 3}, 1), numbers({3, 1}, 1)), ShapeError);
  CHECK_THROWS_AS(linear_attention(numbers({6}, 1), numbers({2, 3}, 1), numbers({2, 1}, 1)), ShapeError);
  CHECK(std::isnan(linear_attention(numbers({1, 2}, 1), numbers({0, 2}, 1), numbers({0, 1}, 1)).output(0, 0)));
}
