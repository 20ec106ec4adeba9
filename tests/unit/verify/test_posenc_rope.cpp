// Every mistake is made with plain formulas and must be named.
#include <attn/verify/posenc_rope.hpp>

#include <attn/error.hpp>
#include <attn/ops/position_precision.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::posenc;
using posenc_testing::ids;

namespace {

struct Made {
  bool interleaved = false, rounded = false;
  float (*position)(double) = nullptr, (*angle)(double) = nullptr;  // what is rounded before the sine
  double sign = 1, base = 10000, offset = 0, slowdown = 1;
  std::size_t rotary = 8, divisor = 8;
};

Tensor<double> queries(std::size_t width, std::size_t len = 8) {
  Tensor<double> x = empty<double>({len, width});
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = std::cos(1.7 * static_cast<double>(i)) + 0.3;
  return x;
}

Tensor<double> rotated(const Tensor<double>& x, const Made& m) {
  Tensor<double> y = x;
  for (std::size_t i = 0; i < x.shape(0); ++i) {
    for (std::size_t j = 0; j < m.rotary / 2; ++j) {
      const std::size_t a = m.interleaved ? 2 * j : j, b = m.interleaved ? 2 * j + 1 : j + m.rotary / 2;
      const double at = static_cast<double>(i) + m.offset;
      double angle = m.sign * (m.position ? static_cast<double>(m.position(at)) : at) * std::pow(m.base, -2.0 * static_cast<double>(j) / static_cast<double>(m.divisor)) / m.slowdown;
      if (m.angle) angle = m.angle(angle);
      double c = std::cos(angle), s = std::sin(angle);
      if (m.rounded) c = rounded_to_bfloat16(c), s = rounded_to_bfloat16(s);
      y(i, a) = x(i, a) * c - x(i, b) * s;
      y(i, b) = x(i, a) * s + x(i, b) * c;
    }
  }
  return y;
}

std::string named(const Made& m) {
  const Tensor<double> x = queries(8);
  return ids(identify_rope(rotated(x, m), x, 1));
}

}  // namespace

TEST_CASE("every rotary mistake is named from 8 rows of 8") {
  Made m;
  CHECK(named(m) == "plain");
  m.interleaved = true;
  CHECK(named(m) == "R1");
  m = {};
  m.sign = -1;
  CHECK(named(m) == "R2");
  m = {};
  m.base = 500000;
  CHECK(named(m) == "R3");
  m = {};
  m.slowdown = 4;
  CHECK(named(m) == "R3");
  m = {};
  m.offset = 3;
  CHECK(named(m) == "R5");
  m = {};
  m.rounded = true;
  CHECK(named(m) == "R6");
}

TEST_CASE("positions and angles in half precision are named beyond the positions that the type has") {
  const Tensor<double> x = queries(8, 300);
  for (float (*const rounded)(double) : {rounded_to_bfloat16, rounded_to_float16}) {
    Made m;
    m.angle = rounded;
    CHECK(ids(identify_rope(rotated(x, m), x, 1)) == "R6");
    CHECK(posenc_testing::kinds(identify_rope(rotated(x, m), x, 1)) == "half_angle");
  }
  Made m;
  m.position = rounded_to_bfloat16;  // 257 is no bfloat16
  CHECK(posenc_testing::kinds(identify_rope(rotated(x, m), x, 1)) == "half_positions");
}

TEST_CASE("a right rotation that was stored in half precision is no mistake, and its base is still found") {
  Made m;
  const Tensor<double> x = queries(8);
  for (const double base : {10000.0, 500000.0}) {
    m.base = base;
    Tensor<double> stored = rotated(x, m);
    for (double& value : stored.storage()) value = rounded_to_bfloat16(value);
    const Identification found = identify_rope(stored, x, 1);
    CHECK(ids(found) == (base == 10000 ? "plain" : "R3"));
    CHECK(found.rounding == "bfloat16");
  }
}

TEST_CASE("positions may begin before 0, as padding on the left makes them") {
  Made m;
  m.offset = -3;
  CHECK(named(m) == "R5");
  const Tensor<double> x = queries(8);
  CHECK(identify_rope(rotated(x, m), x, 1).explanations.front().deviations.front().found == "-3");
}

TEST_CASE("a part that is rotated is a choice; frequencies of the whole head are the root of the base") {
  Made m;
  m.rotary = m.divisor = 4;
  CHECK(named(m) == "-");
  m.divisor = 8;  // 10000^(-2j/8) is also 100^(-2j/4)
  CHECK(named(m) == "- R4 | R3 -");
}

TEST_CASE("rotating before the split into heads is told from rotating each head") {
  const Tensor<double> x = queries(16);
  Made m;
  m.rotary = m.divisor = 16;
  CHECK(ids(identify_rope(rotated(x, m), x, 2)) == "R7");
}

TEST_CASE("a part of any even size is found, and NTK scaling is told from another base") {
  Made m;
  m.rotary = m.divisor = 6;
  const Tensor<double> x = queries(8);
  CHECK(identify_rope(rotated(x, m), x, 1).explanations.front().deviations.front().found == "6");
  m = {};
  m.base = 10000 * std::pow(4.0, 8.0 / 6);  // NTK: base · factor^(r / (r - 2))
  CHECK(posenc_testing::kinds(identify_rope(rotated(x, m), x, 1)) == "ntk_scaling");
}

TEST_CASE("values should not be rotated") {
  const Tensor<double> x = queries(8);
  CHECK(ids(identify_rope(rotated(x, {}), x, 1, RotaryRole::value)) == "R7");
  CHECK(ids(identify_rope(x, x, 1, RotaryRole::value)) == "plain");
}

TEST_CASE("tables of cosines and sines are named as rotations are") {
  RopeOptions options;
  options.head_dim = 8;
  for (const RotaryPairing pairing : {RotaryPairing::half_split, RotaryPairing::interleaved}) {
    Tensor<double> cosines = empty<double>({9, 8}), sines = empty<double>({9, 8});
    for (std::size_t i = 0; i < 9; ++i) {
      for (std::size_t c = 0; c < 8; ++c) {
        const std::size_t pair = pairing == RotaryPairing::half_split ? c % 4 : c / 2;
        const double angle = static_cast<double>(i + 2) * std::pow(500000.0, -static_cast<double>(pair) / 4);
        cosines(i, c) = std::cos(angle);
        sines(i, c) = std::sin(angle);
      }
    }
    CHECK(ids(identify_rope_tables(cosines, sines, 8)) == (pairing == RotaryPairing::half_split ? "R3 R5" : "R1 R3 R5"));
  }
  CHECK_THROWS_AS(identify_rope_tables(queries(8), queries(6), 8), ShapeError);
}

TEST_CASE("unrotated queries are named as such, and others not at all") {
  const Tensor<double> x = queries(8);
  CHECK(posenc_testing::kinds(identify_rope(x, x, 1)) == "unrotated");
  CHECK(identify_rope(filled<double>({8, 8}, 1), x, 1).explanations.empty());
  CHECK_THROWS_AS(identify_rope(x, queries(16), 1), ShapeError);
  CHECK_THROWS_AS(identify_rope(x, x, 3), ShapeError);
}
