// One pair of coordinates, turned by hand: (3, 4) by 90° is (-4, 3).
#include <attn/ops/position_precision.hpp>
#include <attn/verify/posenc_rope.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::posenc;

namespace {

RotaryVariant one_pair() {
  RotaryVariant v;
  v.options.head_dim = v.options.rotary_dim = 2;
  return v;
}

// ω = 1, so that row i is turned by i radians.
double residual(const RotaryVariant& v, double first, double second, const HalfType* stored = nullptr) {
  Tensor<double> before = empty<double>({1, 2}), rotated = before;
  before(0, 0) = 3;
  before(0, 1) = 4;
  rotated(0, 0) = first;
  rotated(0, 1) = second;
  return rotation_residual({rotated, before, 1, 2, 1, 1}, v, rope_frequencies(v.options), TypeTolerance{rounding_classes()[0], stored}, 1);
}

}  // namespace

TEST_CASE("a row at position p is turned by p radians, backwards for a negative one or a clockwise turn") {
  RotaryVariant v = one_pair();
  CHECK(residual(v, 3, 4) == 0);
  v.first = 2;
  CHECK(residual(v, 3 * std::cos(2) - 4 * std::sin(2), 3 * std::sin(2) + 4 * std::cos(2)) < 1e-14);
  CHECK(std::isinf(residual(v, 3, 4)));
  v.first = -2;
  CHECK(residual(v, 3 * std::cos(2) + 4 * std::sin(2), -3 * std::sin(2) + 4 * std::cos(2)) < 1e-14);
  v.first = 2;
  v.options.clockwise = true;
  CHECK(residual(v, 3 * std::cos(2) + 4 * std::sin(2), -3 * std::sin(2) + 4 * std::cos(2)) < 1e-14);
  v.identity = true;
  CHECK(residual(v, 3, 4) == 0);
}

TEST_CASE("a narrower type may be half a unit off, which its binary exponent says") {
  const RotaryVariant v = one_pair();
  CHECK(std::isinf(residual(v, 3.001, 4)));
  // From 2 to 4 float16 counts in steps of 1/512, half of which is 0.00098.
  CHECK(residual(v, 3.0009, 4, &float16_type()) == doctest::Approx(0.0009));
  CHECK(std::isinf(residual(v, 3.001, 4, &float16_type())));
}

TEST_CASE("rounded angles and tables are rounded, and named as R6 with their type") {
  RotaryVariant v = one_pair();
  v.first = 257;  // between the bfloat16 numbers 256 and 258; ties go to the even 256
  v.angle = {Rounded::position, &bfloat16_type()};
  CHECK(residual(v, 3 * std::cos(256) - 4 * std::sin(256), 3 * std::sin(256) + 4 * std::cos(256)) < 1e-13);
  CHECK(deviations_of(v).back() == Deviation{"R6", "half_positions", "bfloat16"});
  v.angle = {};
  v.tables = &float16_type();
  const double cosine = rounded_to_float16(std::cos(257)), sine = rounded_to_float16(std::sin(257));
  CHECK(residual(v, 3 * cosine - 4 * sine, 3 * sine + 4 * cosine) < 1e-14);
  CHECK(deviations_of(v).back() == Deviation{"R6", "half_rotation", "float16"});
}

TEST_CASE("half precision is tried in the tables alone, in positions, frequencies and angles, with and without the tables") {
  // Two types, each: the tables alone, and five roundings of the angle with both kinds of tables.
  CHECK(half_precision_variants(one_pair()).size() == 2 * (1 + 5 * 2));
}

TEST_CASE("options and variants have the same names") {
  RopeOptions options;
  options.head_dim = 8;
  options.offset = 5;
  options.base = 500000;
  const std::vector<Deviation> found = deviations_of(options);
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == "R3");
  CHECK(found[1] == Deviation{"R5", "offset", "5"});
}
