// Expected values by hand and by an independent formula; scores by the property that names the method.
#include <attn/ops/rope.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

namespace {

RopeOptions head(std::size_t d) {
  RopeOptions options;
  options.head_dim = d;
  return options;
}

}  // namespace

TEST_CASE("a pair is rotated by its position times its frequency") {
  const Tensor<double> x = {{1, 2, 3, 4}, {1, 2, 3, 4}};
  const double c0 = std::cos(1.0), s0 = std::sin(1.0), c1 = std::cos(0.01), s1 = std::sin(0.01);
  RopeOptions options = head(4);
  const Tensor<double> half = rope_rotated(x, options);  // pairs (1, 3) and (2, 4)
  CHECK(half(0, 1) == 2);
  CHECK(half(1, 0) == doctest::Approx(1 * c0 - 3 * s0));
  CHECK(half(1, 2) == doctest::Approx(1 * s0 + 3 * c0));
  CHECK(half(1, 3) == doctest::Approx(2 * s1 + 4 * c1));
  options.pairing = RotaryPairing::interleaved;  // pairs (1, 2) and (3, 4)
  const Tensor<double> interleaved = rope_rotated(x, options);
  CHECK(interleaved(1, 0) == doctest::Approx(1 * c0 - 2 * s0));
  CHECK(interleaved(1, 3) == doctest::Approx(3 * s1 + 4 * c1));
  options.clockwise = true;
  CHECK(rope_rotated(x, options)(1, 0) == doctest::Approx(1 * c0 + 2 * s0));
}

TEST_CASE("scores depend on the distance only, in both pairings and for a part of the head") {
  RopeOptions options = head(8);
  CHECK(rope_shift_error(options, 40) < 1e-13);
  options.pairing = RotaryPairing::interleaved;
  options.rotary_dim = 4;
  CHECK(rope_shift_error(options, 40) < 1e-13);
}

TEST_CASE("coordinates beyond rotary_dim are copied, and frequencies belong to the part or to the head") {
  RopeOptions options = head(8);
  options.rotary_dim = 4;
  CHECK(rope_frequencies(options)[1].radians() == doctest::Approx(0.01));  // 10000^(-2/4)
  options.exponent = RotaryExponent::head_dim;
  CHECK(rope_frequencies(options)[1].radians() == doctest::Approx(0.1));  // 10000^(-2/8)
  const Tensor<double> x = filled<double>({3, 8}, 1);
  CHECK(rope_rotated(x, options)(2, 4) == 1);
}

TEST_CASE("linear scaling divides every frequency, NTK scaling the slowest only") {
  RopeOptions options = head(8);
  options.factor = 4;
  options.scaling = RotaryScaling::linear;
  CHECK(rope_frequencies(options)[0].radians() == doctest::Approx(0.25).epsilon(1e-15));
  options.scaling = RotaryScaling::ntk;
  CHECK(rope_frequencies(options)[0].radians() == 1);
  CHECK(rope_frequencies(options)[3].radians() == doctest::Approx(0.001 / 4).epsilon(1e-13));
  options.head_dim = 2;
  CHECK_THROWS_AS(rope_frequencies(options), UsageError);
}

TEST_CASE("tables hold each frequency twice, and an offset moves them") {
  RopeOptions options = head(4);
  options.offset = 5;
  const RopeTables<float> tables = rope_tables<float>(2, options);
  CHECK(shape_of(tables.cos) == Shape{2, 4});
  CHECK(tables.cos(1, 0) == static_cast<float>(std::cos(6.0)));
  CHECK(tables.sin(1, 2) == tables.sin(1, 0));
}

TEST_CASE("odd or too many rotated coordinates and other widths are refused") {
  RopeOptions options = head(8);
  options.rotary_dim = 3;
  CHECK_THROWS_AS(checked(options), UsageError);
  options.rotary_dim = 10;
  CHECK_THROWS_AS(checked(options), UsageError);
  CHECK_THROWS_AS(rope_rotated(filled<double>({2, 6}, 1), head(8)), ShapeError);
}
