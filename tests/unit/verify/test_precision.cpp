#include <attn/verify/precision.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace attn;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

double rounded(double value, Mantissa mantissa) { return rounded_to(filled<double>({1}, value), mantissa).data()[0]; }
double power(int exponent) { return std::ldexp(1.0, exponent); }

}  // namespace

TEST_CASE("bfloat16 keeps eight significant bits, ties to even") {
  CHECK(rounded(1 + power(-7), Mantissa::bfloat16) == 1 + power(-7));
  CHECK(rounded(1 + power(-8), Mantissa::bfloat16) == 1);                         // tie; 1 is even
  CHECK(rounded(1 + 3 * power(-8), Mantissa::bfloat16) == 1 + 2 * power(-7));     // tie; the upper one is even
  CHECK(rounded(1 + power(-8) + power(-30), Mantissa::bfloat16) == 1 + power(-7));
  CHECK(rounded(257, Mantissa::bfloat16) == 256);
  CHECK(rounded(259, Mantissa::bfloat16) == 260);
  CHECK(rounded(-259, Mantissa::bfloat16) == -260);
}

TEST_CASE("TF32 keeps eleven significant bits and float32's range") {
  CHECK(rounded(1 + power(-10), Mantissa::tensorfloat32) == 1 + power(-10));
  CHECK(rounded(1 + power(-11), Mantissa::tensorfloat32) == 1);
  CHECK(rounded(1 + 3 * power(-11), Mantissa::tensorfloat32) == 1 + 2 * power(-10));
  CHECK(rounded(2049, Mantissa::tensorfloat32) == 2048);
  CHECK(rounded(70000, Mantissa::tensorfloat32) == 70016);  // units of 64: 1093.75 of them
}

TEST_CASE("float16 keeps eleven bits and overflows from 65520") {
  CHECK(rounded(2049, Mantissa::float16) == 2048);
  CHECK(rounded(2051, Mantissa::float16) == 2052);
  CHECK(rounded(65504, Mantissa::float16) == 65504);
  CHECK(rounded(65519.99, Mantissa::float16) == 65504);
  CHECK(rounded(65520, Mantissa::float16) == inf);
  CHECK(rounded(-65520, Mantissa::float16) == -inf);
  CHECK(rounded(-1e9, Mantissa::float16) == -inf);
}

TEST_CASE("float16 loses bits below 2^-14: its least number is 2^-24") {
  CHECK(rounded(power(-24), Mantissa::float16) == power(-24));
  CHECK(rounded(power(-25), Mantissa::float16) == 0);               // tie with 0
  CHECK(rounded(1.5 * power(-25), Mantissa::float16) == power(-24));
  CHECK(rounded(3 * power(-25), Mantissa::float16) == 2 * power(-24));  // tie of 1 and 2 units
  CHECK(rounded(power(-15) + power(-25), Mantissa::float16) == power(-15));
  CHECK(std::signbit(rounded(-power(-30), Mantissa::float16)));
}

TEST_CASE("float32 rounds as a conversion to float does, at both ends of its range") {
  for (const double value : {0.1, -1e-3, 16777217.0, 3.4e38, 1e-40, 1.4e-45, 0.6e-45, 1 + power(-24), 1 + 3 * power(-24)}) {
    CAPTURE(value);
    CHECK(rounded(value, Mantissa::float32) == static_cast<double>(static_cast<float>(value)));
  }
  CHECK(rounded(1e39, Mantissa::float32) == inf);
}

TEST_CASE("bfloat16 and TF32 have float32's subnormals with fewer bits") {
  CHECK(rounded(power(-133), Mantissa::bfloat16) == power(-133));  // 2^-126 · 2^-7
  CHECK(rounded(power(-134), Mantissa::bfloat16) == 0);
  CHECK(rounded(power(-136), Mantissa::tensorfloat32) == power(-136));  // 2^-126 · 2^-10
  CHECK(rounded(power(-137), Mantissa::tensorfloat32) == 0);
}

TEST_CASE("zero, infinities and NaN stay what they are, and shapes too") {
  CHECK(std::signbit(rounded(-0.0, Mantissa::bfloat16)));
  CHECK(rounded(-inf, Mantissa::float16) == -inf);
  CHECK(std::isnan(rounded(std::nan(""), Mantissa::tensorfloat32)));
  CHECK(shape_of(rounded_to(empty<double>({2, 0, 3}), Mantissa::float16)) == Shape{2, 0, 3});
}

TEST_CASE("formats are named as people name them") {
  CHECK(std::string(to_string(Mantissa::bfloat16)) == "bfloat16");
  CHECK(std::string(to_string(Mantissa::tensorfloat32)) == "TF32");
  CHECK(std::string(to_string(Mantissa::float16)) == "float16");
  CHECK(std::string(to_string(Mantissa::float32)) == "float32");
}
