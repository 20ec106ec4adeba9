#include <attn/render/number.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

using namespace attn;
using namespace attn::render;

TEST_CASE("a number is written with the fewest digits that read back, in its own precision") {
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(0.1f) == "0.1");
  // The double nearest to 0.1f: 13421773 / 2^27 = 0.100000001490116119384765625.
  CHECK(number_text(static_cast<double>(0.1f)) == "0.10000000149011612");
  CHECK(number_text(1.0 / 3.0) == "0.3333333333333333");
  CHECK(number_text(-0.0) == "-0");
  CHECK(number_text(5.0) == "5");
  CHECK(number_text(5e-324) == "5e-324");
}

TEST_CASE("random bit patterns read back to the same double and the same float") {
  std::mt19937_64 bits(7);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t pattern = bits();
    double value;
    static_assert(sizeof value == sizeof pattern);
    std::memcpy(&value, &pattern, sizeof value);
    if (std::isfinite(value)) CHECK(std::strtod(number_text(value).c_str(), nullptr) == value);
    const auto half = static_cast<std::uint32_t>(pattern);
    float single;
    std::memcpy(&single, &half, sizeof single);
    if (std::isfinite(single)) CHECK(std::strtof(number_text(single).c_str(), nullptr) == single);
  }
}

TEST_CASE("a fixed number of decimals rounds the exact value") {
  CHECK(number_text(2.0 / 3.0, {3}) == "0.667");
  CHECK(number_text(0.125, {2}) == "0.12");  // a tie in binary goes to the even digit
  CHECK(number_text(-1.5, {0}) == "-2");
  CHECK(number_text(1e300, {2}).size() == 304);  // 301 digits, the point, 2 decimals
  CHECK(number_text(std::numeric_limits<double>::max(), {60}).size() == 309 + 61);
}

TEST_CASE("what is not finite has a name") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(number_text(infinity) == "Infinity");
  CHECK(number_text(-infinity, {3}) == "-Infinity");
  CHECK(number_text(std::nan("")) == "NaN");
  CHECK(number_text(std::nanf(""), {2}) == "NaN");
  CHECK(non_finite_name(1.0).empty());
}

TEST_CASE("an element of a tensor is written in the tensor's precision") {
  const Tensor<float> single = filled<float>({2}, 0.1f);
  const Tensor<double> widened = filled<double>({2}, static_cast<double>(0.1f));
  CHECK(number_text(TensorView(single), 1) == "0.1");
  CHECK(number_text(TensorView(widened), 1) == "0.10000000149011612");
}
