// Tables in half precision, every operation rounded here by hand.
#include <attn/verify/posenc_half.hpp>

#include <attn/ops/position_precision.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::posenc;
using Round = float (*)(double);

namespace {

enum class Way { quotient, power_quotient, product, exponential, exact };

Tensor<double> made(std::size_t len, std::size_t width, Round rounded, Way way, bool stored = true) {
  const auto r = [rounded](double x) { return static_cast<double>(rounded(x)); };
  Tensor<double> table = empty<double>({len, width});
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t c = 0; c < width; ++c) {
      const double position = r(static_cast<double>(i)), even = static_cast<double>(c / 2 * 2), exponent = even / static_cast<double>(width);
      double angle = static_cast<double>(i) * std::pow(10000.0, -exponent);
      if (way == Way::quotient) angle = r(position / r(std::pow(10000.0, exponent)));
      if (way == Way::power_quotient) angle = r(position / r(std::pow(r(10000), r(exponent))));
      if (way == Way::product) angle = r(position * r(std::pow(10000.0, -exponent)));
      if (way == Way::exponential) angle = r(position * r(std::exp(r(even * r(-std::log(10000.0) / static_cast<double>(width))))));
      const double value = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
      table(i, c) = stored ? r(value) : value;
    }
  }
  return table;
}

std::string found(const Tensor<double>& table) {
  const std::vector<TypeTolerance> tolerances = tolerances_of(table);
  return posenc_testing::ids(identify_half_angles({table.data(), 1, table.shape(0), table.shape(1)}, tolerances));
}

}  // namespace

TEST_CASE("every order of computation in half precision is named, stored in it or not") {
  for (const Round rounded : {rounded_to_float16, rounded_to_bfloat16}) {
    for (const Way way : {Way::quotient, Way::power_quotient, Way::product, Way::exponential}) {
      for (const bool stored : {true, false}) {
        CAPTURE(static_cast<int>(way));
        CAPTURE(stored);
        CHECK(found(made(16, 16, rounded, way, stored)) == "E11");
        CHECK(found(made(300, 64, rounded, way, stored)) == "E11");
        CHECK(posenc_testing::ids(identify_sinusoidal(made(16, 16, rounded, way, stored))) == "E11");
      }
    }
  }
}

TEST_CASE("one cell in ten may be a unit off, and an exact angle is none in half precision") {
  Tensor<double> table = made(16, 16, rounded_to_float16, Way::quotient);
  table(7, 1) += 1.0 / 2048;
  CHECK(found(table) == "E11");
  for (const Round rounded : {rounded_to_float16, rounded_to_bfloat16}) {
    CHECK(found(made(200, 16, rounded, Way::exact)) == "");
    CHECK(posenc_testing::ids(identify_sinusoidal(made(200, 16, rounded, Way::exact))) == "plain");
  }
}
