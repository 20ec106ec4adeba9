// Expected values by hand: products of powers of two, logarithms of powers of two, and squares of roots.
#include <attn/ops/position_fixed.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn::fixed;

TEST_CASE("a product of two 128-bit numbers has all of its 256 bits") {
  // (2^128 - 1)² = 2^256 - 2^129 + 1
  const UInt128 most = ~UInt128{0};
  CHECK(multiply(most, most).high == most - 1);
  CHECK(multiply(most, most).low == 1);
  CHECK(multiply(UInt128{1} << 100, UInt128{1} << 100).high == UInt128{1} << 72);
}

TEST_CASE("logarithms of powers of two are whole, others have a fraction") {
  CHECK(log2(1).whole == 0);
  CHECK(log2(1).fraction == 0);
  CHECK(log2(1024).whole == 10);
  CHECK(log2(1024).fraction == 0);
  CHECK(log2(10000).whole == 13);  // 13.2877…
  CHECK(std::ldexp(static_cast<double>(log2(10000).fraction), -128) == doctest::Approx(0.28771237954945).epsilon(1e-13));
}

TEST_CASE("2^-x undoes log2") {
  const Power tenth = exp2_of_minus(log2(10));
  CHECK(to_double(tenth) == 0.1);
  CHECK(to_double(exp2_of_minus({3, 0})) == 0.125);
  CHECK(to_double(exp2_of_minus({0, UInt128{1} << 127})) == std::sqrt(0.5));
}

TEST_CASE("a number times a ratio carries between its whole and its fraction") {
  const Number half = times_ratio({1, 0}, 1, 2);
  CHECK(half.whole == 0);
  CHECK(half.fraction == UInt128{1} << 127);
  const Number back = times_ratio(half, 6, 2);  // 3/2
  CHECK(back.whole == 1);
  CHECK(back.fraction == UInt128{1} << 127);
  CHECK((half + half).whole == 1);
}
