#include <attn/dtype.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

using namespace attn;

TEST_CASE("every element type has NumPy's name and size") {
  CHECK(name_of(DType::float64) == "float64");
  CHECK(size_of(DType::float64) == 8);
  CHECK(name_of(DType::bfloat16) == "bfloat16");
  CHECK(size_of(DType::bfloat16) == 2);
  CHECK(name_of(DType::int16) == "int16");
  CHECK(size_of(DType::uint32) == 4);
  CHECK(name_of(DType::uint8) == "uint8");
  CHECK(name_of(DType::boolean) == "bool");
  CHECK(size_of(DType::boolean) == 1);
  CHECK(is_floating(DType::float16));
  CHECK_FALSE(is_floating(DType::int64));
}

// By hand: sign (-1)^s, 5 bits of exponent with bias 15, 10 bits of fraction.
TEST_CASE("float16 becomes float32 exactly") {
  CHECK(float16_to_float(0x3c00) == 1.0f);
  CHECK(float16_to_float(0xc000) == -2.0f);
  CHECK(float16_to_float(0x3555) == 1365.0f / 4096.0f);  // 2^-2 · (1 + 341/1024)
  CHECK(float16_to_float(0x7bff) == 65504.0f);           // the largest
  CHECK(float16_to_float(0x0400) == 0x1p-14f);           // the smallest normal
  CHECK(float16_to_float(0x03ff) == 1023 * 0x1p-24f);    // the largest subnormal
  CHECK(float16_to_float(0x8001) == -0x1p-24f);
  CHECK(float16_to_float(0x8000) == 0.0f);
  CHECK(std::signbit(float16_to_float(0x8000)));
  CHECK(float16_to_float(0x7c00) == HUGE_VALF);
  CHECK(float16_to_float(0xfc00) == -HUGE_VALF);
  CHECK(std::isnan(float16_to_float(0x7e00)));
}

// An independent reading of the format: ldexp instead of moving bits.
TEST_CASE("all 65536 float16 patterns agree with their definition") {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const double fraction = bits & 1023;
    const double sign = bits & 0x8000 ? -1 : 1;
    const float value = float16_to_float(static_cast<std::uint16_t>(bits));
    if (exponent == 31) {
      CHECK((fraction == 0 ? std::isinf(value) : std::isnan(value)));
    } else {
      const double magnitude =
          exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1 + fraction / 1024, exponent - 15);
      CHECK(static_cast<double>(value) == sign * magnitude);
    }
  }
}

TEST_CASE("bfloat16 is the upper half of float32") {
  CHECK(bfloat16_to_float(0x3f80) == 1.0f);
  CHECK(bfloat16_to_float(0x4049) == 3.140625f);
  CHECK(bfloat16_to_float(0xff80) == -HUGE_VALF);
  CHECK(std::isnan(bfloat16_to_float(0x7fc0)));
}
