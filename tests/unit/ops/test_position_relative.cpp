// Expected values: the identity cos(a - b) = cos a cos b + sin a sin b, and a matrix by hand.
#include <attn/ops/position_relative.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("one rotation a pair takes every row to the row delta further on, or back") {
  SinusoidalOptions options;
  options.d_model = 8;
  for (const std::int64_t delta : {-7, 0, 1, 5, 100000}) {
    for (const PairRotation& pair : rotations(delta, 200, options)) {
      CHECK(pair.largest_error < 5e-16);
      CHECK(pair.angle.cos == doctest::Approx(std::cos(static_cast<double>(delta) * pair.omega)).epsilon(1e-9));
    }
  }
}

TEST_CASE("rows beyond the last position are refused, the last one is not") {
  SinusoidalOptions options;
  options.d_model = 2;
  options.offset = std::uint64_t{1} << 62;
  const std::int64_t half = std::int64_t{1} << 62;
  CHECK_THROWS_AS(rotations(half, 1, options), LimitError);
  CHECK_NOTHROW(rotations(half - 1, 1, options));
  CHECK_THROWS_AS(rotations(half - 1, 2, options), LimitError);
  CHECK_NOTHROW(rotations(-half, 2, options));
}

TEST_CASE("a wrong rotation is found out") {
  // A quarter turn takes (sin, cos) = (0, 1) to (1, 0).
  CHECK(rotation_error({1, 0}, {0, 1}, {1, 0}) == 0);
  CHECK(rotation_error({1, 0}, {0, 1}, {0, 1}) == 1);
}

TEST_CASE("similarity of rows depends on their distance and is a sum of cosines") {
  SinusoidalOptions options;
  options.d_model = 4;
  const Similarity<double> result = similarity(sinusoidal<double>(30, options));
  CHECK(result.spread < 1e-14);
  for (std::size_t distance = 0; distance < 30; ++distance) {
    const double want = std::cos(static_cast<double>(distance)) + std::cos(0.01 * static_cast<double>(distance));
    CHECK(result.by_distance[distance] == doctest::Approx(want).epsilon(1e-12));
  }
  CHECK(result.monotone_to == 3);  // cos falls up to π
}

TEST_CASE("similarity of any table, by hand") {
  // [[1, 2], [3, 4]]: 1 + 4 = 5, 3 + 8 = 11, 9 + 16 = 25; the diagonal differs by 20.
  Tensor<double> table = {{1, 2}, {3, 4}};
  const Similarity<double> result = similarity(table);
  CHECK(result.dots == Tensor<double>{{5, 11}, {11, 25}});
  CHECK(result.spread == 20);
  CHECK(result.monotone_to == 1);  // mean 15 at distance 0, 11 at distance 1
  CHECK_THROWS_AS(similarity(filled<double>({2, 2, 2}, 0)), ShapeError);
}
