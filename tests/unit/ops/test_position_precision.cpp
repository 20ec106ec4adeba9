// Expected values: neighbours in the narrow types, by hand.
#include <attn/ops/position_precision.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("rounding to float16 and bfloat16 goes to the nearest, ties to even") {
  CHECK(rounded_to_float16(2049) == 2048);  // 2048 and 2050 are the neighbours
  CHECK(rounded_to_float16(2051) == 2052);
  CHECK(rounded_to_float16(0.1) == 0.0999755859375f);
  CHECK(std::isinf(rounded_to_float16(70000)));
  CHECK(rounded_to_float16(6e-8) == doctest::Approx(5.9604644775390625e-8));  // 2^-24, the smallest
  CHECK(rounded_to_bfloat16(257) == 256);
  CHECK(rounded_to_bfloat16(259) == 260);
  CHECK(rounded_to_bfloat16(-0.1) == -0.10009765625f);
}

TEST_CASE("a bfloat16 angle is off by more than one from position 257 on, and an exact one never") {
  SinusoidalOptions options;
  options.d_model = 2;
  const std::vector<MethodError> errors = precision_errors({0, 255, 257}, options, 0.5);
  for (const MethodError& error : errors) {
    const std::string_view name = angle_methods()[error.method].name;
    CAPTURE(name);
    CHECK(error.largest_error[0] == 0);
    CHECK(error.exceeds == (name == "bfloat16-angle"));
    if (error.exceeds) CHECK(error.first_beyond == 257);  // |sin 256 - sin 257| = 0.63…
    if (name == "float64") CHECK(error.largest_error[2] < 1.2e-16);
    if (name == "float32") CHECK(error.largest_error[2] < 6e-8);
  }
}

TEST_CASE("the first position beyond the tolerance is found between the samples") {
  SinusoidalOptions options;
  options.d_model = 2;
  const MethodError found = precision_errors({0, 1000}, options, 0.5).back();
  CHECK(angle_methods()[found.method].name == "bfloat16-angle");
  CHECK(found.first_beyond == 257);
}

TEST_CASE("sampled positions begin with every one and end with the last") {
  const std::vector<std::uint64_t> positions = sampled_positions(100000, 300);
  CHECK(positions[0] == 0);
  CHECK(positions[5] == 5);
  CHECK(positions.back() == 100000);
  CHECK(positions.size() < 400);
  CHECK(sampled_positions(0, 300) == std::vector<std::uint64_t>{0});
}
